import {MfaCommand, type Result} from '../../mfa-command.js'
import {changeFlags, checkFlags} from '../../rollout-flags.js'

export default class RolloutEnable extends MfaCommand {
  static override summary = 'Switch the staged rollout of MFA on, for every group in it.'
  static override description = `Widens: the lock-out check of all groups comes first, and refuses with exit code 8 (see mfa rollout check). A person has to be signed in. Sign-ins may take up to 24 hours to follow.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --source ./export --yes',
  ]
  static override flags = {...changeFlags, ...checkFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(RolloutEnable)
    const {changeAndShow} = await import('../../wire-rollout.js')
    return changeAndShow(await this.wire(flags), flags, {action: 'enable'}, this.signal)
  }
}
