import {Flags} from '@oclif/core'

import {appFlags, certificateFlags, changeFlags} from '../../../app-flags.js'
import {MfaCommand, type Result} from '../../../mfa-command.js'
import {tenantFlags} from '../../../mfa-flags.js'

export default class AppCertificateAdd extends MfaCommand {
  static override summary = 'Register a certificate of this machine beside those of other machines.'
  static override description = `Each machine has a key of its own, which never leaves it. The certificate is made here, or taken from a file; a sign-in proves it, and mfa.config.json of this machine names it from then on.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tenant contoso.com',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --certificate-out /secure/mfa.pem --yes',
  ]
  static override flags = {
    ...appFlags,
    certificate: Flags.string({
      summary: 'A certificate with its key that is there already (PEM or PFX).',
      helpValue: 'FILE',
      exclusive: ['certificate-out'],
    }),
    ...certificateFlags,
    'dry-run': Flags.boolean({summary: 'Show what would be done; change nothing.'}),
    ...changeFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(AppCertificateAdd)
    const wired = await this.wire({...flags, 'writes-config': true})
    const {registrationDeps} = await import('../../../wire-registration.js')
    const requests = await import('../../../wire-registration-requests.js')
    const {configure} = await import('../../../lib/registration/configure.js')
    const {showAdded} = await import('../../../lib/report/app-certificates-report.js')
    const {showAppPlan} = await import('../../../lib/report/app-report.js')
    const request = requests.addCertificateRequest(wired, flags, showAppPlan(wired.show))
    const deps = await registrationDeps(wired, flags, {as: 'person', writes: true}, this.signal)
    const report = await configure(await request(deps.tenantId), deps, this.signal)
    return showAdded(report, wired.show, wired.clock.now())
  }
}
