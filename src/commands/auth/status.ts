import {signInLines} from '../../lib/report/sign-in-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AuthStatus extends MfaCommand {
  static override summary = 'Say how the commands would sign in; asks nobody.'
  static override description =
    'Names certificate or person, and for how long certificate and token are good. Exit code 4 where nobody could sign in.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuthStatus)
    const wired = await this.wire(flags)
    const {isEmbedded} = await import('../../wire-tenant.js')
    if (isEmbedded(wired.settings)) {
      wired.out.line('the tenant inside the tool needs no sign-in')
      return {kind: 'none', usable: true, tenant: 'sandbox'}
    }
    const {signInStatus} = await import('../../lib/entra/auth/sign-in-status.js')
    const status = await signInStatus(wired.settings, wired.signInDeps())
    for (const line of signInLines(status)) wired.out.line(line)
    if (!status.usable) this.exitWith('auth')
    return {...status}
  }
}
