import {appFlags, asFlag} from '../../../app-flags.js'
import {MfaCommand, type Result} from '../../../mfa-command.js'
import {csvFlag, tenantFlags} from '../../../mfa-flags.js'

export default class AppCertificateList extends MfaCommand {
  static override summary = 'List the certificates of the application, with the days they have left.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --as person',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {as: asFlag, ...appFlags, csv: csvFlag, ...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(AppCertificateList)
    const wired = await this.wire(flags)
    const {defaultAs, registrationDeps} = await import('../../../wire-registration.js')
    const requests = await import('../../../wire-registration-requests.js')
    const {showRegistration} = await import('../../../lib/registration/show.js')
    const {showCertificates} = await import('../../../lib/report/app-certificates-report.js')
    const as = defaultAs(flags, wired.settings)
    const deps = await registrationDeps(wired, flags, {as, writes: false}, this.signal)
    const view = await showRegistration(requests.showRequest(wired, flags), deps, this.signal)
    return showCertificates(view, wired.show, flags.csv)
  }
}
