import {Flags} from '@oclif/core'

import {appFlags, asFlag} from '../../app-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, tenantFlags} from '../../mfa-flags.js'

export default class AppShow extends MfaCommand {
  static override summary =
    'Compare the permissions that are granted with those that are needed and used; certificates with days left.'
  static override description = `"Never used" means: by no command that this machine remembers. An application may not read its own registration unless it has Application.Read.All; then its sign-in still tells what is granted, and --as person shows the rest.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --as person',
    '<%= config.bin %> <%= command.id %> --with migrate,audit --json',
  ]
  static override flags = {
    with: Flags.string({
      summary: 'Compare with the needs of these features instead of the configured ones.',
      helpValue: 'FEATURES',
    }),
    as: asFlag,
    ...appFlags,
    csv: csvFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(AppShow)
    const wired = await this.wire(flags)
    const {defaultAs, registrationDeps} = await import('../../wire-registration.js')
    const requests = await import('../../wire-registration-requests.js')
    const {showRegistration} = await import('../../lib/registration/show.js')
    const {showApp} = await import('../../lib/report/app-report.js')
    const as = defaultAs(flags, wired.settings)
    const deps = await registrationDeps(wired, flags, {as, writes: false}, this.signal)
    const view = await showRegistration(requests.showRequest(wired, flags), deps, this.signal)
    return showApp(view, wired.show, flags.csv, wired.again)
  }
}
