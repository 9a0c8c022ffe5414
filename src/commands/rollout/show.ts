import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class RolloutShow extends MfaCommand {
  static override summary = 'Show the staged rollout of MFA: the policy, its groups, and the waves.'
  static override description =
    'Which waves there are, the state folder remembers. Microsoft Graph shows the policy to people only: mfa auth login.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --json',
  ]
  static override flags = {...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(RolloutShow)
    const wired = await this.wire(flags)
    const {rolloutDeps} = await import('../../wire-rollout.js')
    const {showRollout} = await import('../../lib/rollout/show-rollout.js')
    const {showShown} = await import('../../lib/report/rollout-report.js')
    const shown = await showRollout(await rolloutDeps(wired, flags), this.signal)
    return showShown(shown, wired.again, wired.show)
  }
}
