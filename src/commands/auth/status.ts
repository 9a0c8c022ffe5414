import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AuthStatus extends MfaCommand {
  static override summary = 'Say how the commands would sign in; asks nobody.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuthStatus)
    const wired = await this.wire(flags)
    const {createTokenProvider} = await import('../../lib/entra/auth/token-provider.js')
    const found = createTokenProvider(wired.settings, wired.signInDeps()).describe()
    wired.out.line(
      found.kind === 'none' ? 'not signed in' : `${found.kind}${found.account ? ` ${found.account}` : ''}`,
    )
    if (found.tenantId !== undefined) wired.out.line(`tenant ${found.tenantId}`)
    if (found.clientId !== undefined) wired.out.line(`client ${found.clientId}`)
    if (found.kind === 'none') this.exitWith('auth')
    return {...found}
  }
}
