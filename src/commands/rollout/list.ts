import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, tenantFlags} from '../../mfa-flags.js'

export default class RolloutList extends MfaCommand {
  static override summary = 'List the policies of staged rollout, of every feature.'
  static override description =
    'Microsoft Graph shows them to people only: mfa auth login, with the role Hybrid Identity Administrator.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --json',
  ]
  static override flags = {csv: csvFlag, ...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(RolloutList)
    const wired = await this.wire(flags)
    const {rolloutDeps} = await import('../../wire-rollout.js')
    const {listRollout} = await import('../../lib/rollout/show-rollout.js')
    const {showPolicies} = await import('../../lib/report/rollout-report.js')
    const policies = await listRollout(await rolloutDeps(wired, flags), this.signal)
    return showPolicies(policies, flags.csv, wired.again, wired.show)
  }
}
