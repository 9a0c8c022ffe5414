import {Flags} from '@oclif/core'

import {appFlags, asFlag, changeFlags} from '../../../app-flags.js'
import {MfaCommand, type Result} from '../../../mfa-command.js'
import {tenantFlags} from '../../../mfa-flags.js'

export default class AppCertificateRotate extends MfaCommand {
  static override summary = "Replace this machine's certificate by a new one, without a gap."
  static override description = `The new certificate is registered beside the old one and proven by a sign-in before it takes the old one's place in the file; then the old one is removed, or with --keep-old by the same command later. The application may do this itself with its present certificate, so that a scheduled task can: it needs no permission for it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> --within 30d --keep-old 7d --yes',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --as person',
  ]
  static override flags = {
    as: asFlag,
    ...appFlags,
    'keep-old': Flags.string({
      summary: 'How long the old certificate stays registered, such as 7d.',
      helpValue: 'TIME',
    }),
    within: Flags.string({
      summary: 'Only if the present certificate expires within this time, such as 30d; for scheduled tasks.',
      helpValue: 'TIME',
    }),
    days: Flags.integer({summary: 'Lifetime of the new certificate.', min: 1, max: 365, default: 365}),
    ...changeFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(AppCertificateRotate)
    const wired = await this.wire(flags)
    const {defaultAs, registrationDeps} = await import('../../../wire-registration.js')
    const requests = await import('../../../wire-registration-requests.js')
    const {rotate} = await import('../../../lib/registration/rotate.js')
    const {showRotated} = await import('../../../lib/report/app-certificates-report.js')
    const {showSteps} = await import('../../../lib/report/app-report.js')
    const as = defaultAs(flags, wired.settings)
    const deps = await registrationDeps(wired, flags, {as, writes: true}, this.signal)
    const request = await requests.rotateRequest(wired, flags, deps, showSteps(wired.show))
    return showRotated(await rotate(request, deps, this.signal), wired.show, wired.clock.now())
  }
}
