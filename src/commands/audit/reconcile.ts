import {Args, Flags} from '@oclif/core'

import {showNumbersFlag} from '../../audit-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, tenantFlags} from '../../mfa-flags.js'

export default class AuditReconcile extends MfaCommand {
  static override summary =
    "Compare a run's journal with the audit log: every change is there, and nothing else happened to those users."
  static override description = `Exit code 2 when something differs: a change of ours that the log lacks (or does not have yet: it says how far it reaches), an entry about one of the users that no change of the run explains, or a change in doubt that the log shows. Changes of the inventory of tokens stand under no user and are not compared. Entries arrive late: an hour after the run is a good time. Needs AuditLog.Read.All.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> last',
    '<%= config.bin %> <%= command.id %> 01JD3W8ZK0 --beyond 24h --csv differences.csv',
  ]
  static override args = {
    run: Args.string({description: 'run id, its first letters, or "last"', required: true}),
  }
  static override flags = {
    beyond: Flags.string({
      summary: 'Look so long beyond the end of the run for what else happened to its users.',
      helpValue: 'TIME',
    }),
    'show-numbers': showNumbersFlag,
    csv: csvFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(AuditReconcile)
    const wired = await this.wire(flags)
    const {auditDeps, beyondMs, runOfUsers} = await import('../../wire-audit.js')
    const {reconcile} = await import('../../lib/audit/reconcile.js')
    const {wordsOf} = await import('../../lib/audit/words.js')
    const {differs, showReconciled} = await import('../../lib/report/audit-reconcile-report.js')
    const request = {run: await runOfUsers(args.run, wired, this.signal), beyondMs: beyondMs(flags.beyond)}
    const deps = {
      ...(await auditDeps(wired, this.signal)),
      journal: await wired.journal(),
      clock: wired.clock,
    }
    const reconciled = await reconcile(request, deps, this.signal)
    if (differs(reconciled)) this.exitWith('differences')
    const words = (entry: Parameters<typeof wordsOf>[0]) => wordsOf(entry, flags['show-numbers'])
    return showReconciled(reconciled, {csv: flags.csv, folder: wired.resultsFolder, words}, wired.show)
  }
}
