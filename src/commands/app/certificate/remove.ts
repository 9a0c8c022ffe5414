import {Args, Flags} from '@oclif/core'

import {appFlags, changeFlags} from '../../../app-flags.js'
import {MfaCommand, type Result} from '../../../mfa-command.js'
import {tenantFlags} from '../../../mfa-flags.js'

export default class AppCertificateRemove extends MfaCommand {
  static override summary =
    'Remove certificates from the application; the last one that works only with --force.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3F2A9C01B7',
    '<%= config.bin %> <%= command.id %> --expired --yes',
  ]
  static override strict = false
  static override args = {
    certificate: Args.string({description: 'thumbprint or key id, or how it begins; several may be named'}),
  }
  static override flags = {
    ...appFlags,
    expired: Flags.boolean({summary: 'All that have expired.'}),
    force: Flags.boolean({summary: 'Also the last certificate that works.'}),
    ...changeFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {argv, flags} = await this.parse(AppCertificateRemove)
    const wired = await this.wire(flags)
    const {registrationDeps} = await import('../../../wire-registration.js')
    const requests = await import('../../../wire-registration-requests.js')
    const {removeKeys} = await import('../../../lib/registration/remove-keys.js')
    const {showRemovedKeys} = await import('../../../lib/report/app-certificates-report.js')
    const {showSteps} = await import('../../../lib/report/app-report.js')
    const deps = await registrationDeps(wired, flags, {as: 'person', writes: true}, this.signal)
    const named = argv.map(String)
    const request = await requests.removeKeysRequest(wired, flags, named, deps, showSteps(wired.show))
    return showRemovedKeys(await removeKeys(request, deps, this.signal), wired.show)
  }
}
