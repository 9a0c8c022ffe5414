import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../mfa-command.js'
import {consistencyFlag, csvFlag, tenantFlags, userFlag} from '../mfa-flags.js'

export default class Undo extends MfaCommand {
  static override summary = 'Put the users of a run back as they were before it.'
  static override description = `Restores phone numbers and the default method from the images taken before the run, and removes what the run added:
numbers, and tokens (unassigned, then deleted if the run created them). Shows its plan first. What somebody else changed since is left alone and listed; --force puts it back all the same. An undo is itself a run and goes on when it was cut off.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 01JD3W8ZK0 --dry-run',
    '<%= config.bin %> <%= command.id %> last --user jdoe@contoso.com --tenant sandbox',
    '<%= config.bin %> <%= command.id %> 01JD3W8ZK0 --yes --json',
  ]
  static override args = {
    run: Args.string({description: 'run id, its first letters, or "last"', required: true}),
  }
  static override flags = {
    user: userFlag,
    force: Flags.boolean({summary: 'Also what somebody else changed since the run.'}),
    'dry-run': Flags.boolean({summary: 'Plan and show; write nothing.'}),
    yes: Flags.boolean({char: 'y', summary: 'Write without asking.'}),
    'errors-max': Flags.integer({summary: 'Stop after this many failed users (50 unless set).', min: 1}),
    consistency: consistencyFlag,
    csv: csvFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(Undo)
    const wired = await this.wire(flags)
    const {findRun} = await import('../lib/report/runs-report.js')
    const {undo} = await import('../lib/migration/undo.js')
    const {showUndone, showUndoPlan, undoJson} = await import('../lib/report/undo-report.js')
    const run = await findRun(args.run, await wired.journal(), 'migrate')
    const request = {
      run,
      users: flags.user ?? [],
      force: flags.force,
      dryRun: flags['dry-run'],
      yes: flags.yes,
      errorsMax: flags['errors-max'] ?? 50,
      consistencyMs: flags.consistency * 1000,
      logFile: (await wired.log()).file,
      preview: showUndoPlan(wired.show),
    }
    const report = await undo(request, await wired.undoing(), this.signal)
    wired.traces.describe({...report, kind: 'undo', tenantId: run.tenantId, summary: report.results.summary})
    await showUndone(report, wired.show, {csv: flags.csv, again: wired.repeated(['config', 'state'])})
    if (report.stop !== undefined) throw report.stop.error
    const {partly, failed} = report.results.summary
    if (partly + failed > 0) this.exitWith('partial')
    return undoJson(report, wired.show, wired.resultsFolder)
  }
}
