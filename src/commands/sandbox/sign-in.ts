import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

export default class SandboxSignIn extends MfaCommand {
  static override summary = "Say who would ask a user of the sandbox for MFA, at the sandbox's clock."
  static override description = `Nobody is asked and nothing is written. It follows the domain's federation as it is in effect (24 hours after a change), staged rollout, the user's methods and the authentication methods policy, as if MFA were demanded.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> ada.sunrise@contoso.com',
    '<%= config.bin %> <%= command.id %> ada.sunrise@contoso.com --no-onprem-mfa --json',
  ]
  static override args = {
    user: Args.string({description: 'user principal name or object id', required: true}),
  }
  static override flags = {
    'onprem-mfa': Flags.boolean({
      summary: 'Whether MFA works at the on-premises identity provider; it does unless told.',
      default: true,
      allowNo: true,
    }),
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(SandboxSignIn)
    const wired = await this.wire(flags)
    const {trySignIn} = await import('../../wire-sandbox-clock.js')
    const signIn = await trySignIn(wired, args.user, flags['onprem-mfa'])
    wired.out.line(`${signIn.userPrincipalName} at ${signIn.at}: ${signIn.says}`)
    return {...signIn}
  }
}
