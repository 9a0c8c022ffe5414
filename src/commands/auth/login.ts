import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AuthLogin extends MfaCommand {
  static override summary =
    'Sign in as a person, for commands that need it; pipelines use a certificate instead.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tenant contoso.com',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --browser',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --scope Directory.ReadWrite.All',
  ]
  static override flags = {
    browser: Flags.boolean({summary: 'Through the browser on this machine instead of a code.'}),
    scope: Flags.string({
      summary:
        'Ask for this delegated permission of Microsoft Graph; repeatable. Default: whatever was consented to.',
      helpValue: 'NAME',
      multiple: true,
    }),
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuthLogin)
    const wired = await this.wire(flags)
    const {login} = await import('../../lib/entra/auth/login.js')
    const kind = flags.browser ? 'browser' : 'device-code'
    const {loginClient} = await import('../../wire-registration-settings.js')
    const options = {clientId: loginClient(wired.settings), scopes: flags.scope}
    const signedIn = await login(kind, wired.settings, wired.signInDeps(), this.signal, options)
    wired.out.line(`signed in as ${signedIn.account} in tenant ${signedIn.tenantId}`)
    return {...signedIn}
  }
}
