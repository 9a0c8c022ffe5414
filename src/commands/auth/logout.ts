import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AuthLogout extends MfaCommand {
  static override summary = 'Forget the sign-in of mfa auth login.'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = {...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuthLogout)
    const wired = await this.wire(flags)
    const {logout} = await import('../../lib/entra/auth/login.js')
    const removed = await logout(wired.signInDeps())
    wired.out.line(removed ? 'signed out' : 'nobody was signed in')
    return {removed}
  }
}
