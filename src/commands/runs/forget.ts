import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags, yesFlag} from '../../mfa-flags.js'

export default class RunsForget extends MfaCommand {
  static override summary =
    'Erase a run, or everything that is remembered about a user; it can then no longer be undone.'
  static override description = `State holds phone numbers. With a run, that run's records and its files are erased; with --user, that user in every run; with both, that user in that run. Entra and MFA Server are not touched.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 01JD3W8ZK0',
    '<%= config.bin %> <%= command.id %> --user jdoe@contoso.com --yes',
  ]
  static override args = {run: Args.string({description: 'run id, its first letters, or "last"'})}
  static override flags = {
    user: Flags.string({summary: 'This user, by user principal name or object id.', helpValue: 'UPN'}),
    yes: yesFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RunsForget)
    const wired = await this.wire(flags)
    const {forget} = await import('../../lib/migration/forget.js')
    const {findRun, showForgotten} = await import('../../lib/report/runs-report.js')
    const journal = await wired.journal()
    const run = args.run === undefined ? undefined : await findRun(args.run, journal)
    const request = {run, user: flags.user, yes: flags.yes, resultsFolder: wired.resultsFolder}
    const forgotten = await forget(request, {journal, ui: wired.ui, files: wired.files})
    showForgotten(forgotten.users, run, wired.out)
    return {...forgotten}
  }
}
