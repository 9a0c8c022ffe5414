import {MfaCommand, type Result} from '../../mfa-command.js'
import {changeFlags} from '../../rollout-flags.js'

export default class RolloutDisable extends MfaCommand {
  static override summary = 'Switch the staged rollout of MFA off: everybody goes back on-premises for MFA.'
  static override description = `Needs --accept onprem-mfa: you attest that MFA works on-premises. Azure MFA Server answers no requests since 2024-09-30, so that has to be another provider behind AD FS; where there is none, mfa federation set accept lets Entra do MFA where the identity provider did not. Groups stay in the policy. A person has to be signed in.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --accept onprem-mfa',
    '<%= config.bin %> <%= command.id %> --accept onprem-mfa --yes --json',
  ]
  static override flags = {...changeFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(RolloutDisable)
    const {changeAndShow} = await import('../../wire-rollout.js')
    return changeAndShow(await this.wire(flags), flags, {action: 'disable'}, this.signal)
  }
}
