import {Flags} from '@oclif/core'

import {appFlags, certificateFlags, changeFlags, waitFlag} from '../../app-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AppConfigure extends MfaCommand {
  static override summary =
    'Register the application that the commands sign in as, with its certificate and permissions.'
  static override description = `Shows what it will do; creates or completes the application, makes a key and a certificate on this machine (the key never leaves it), asks for admin consent, signs in with the certificate to prove it all, and writes mfa.config.json.
Only the permissions of the chosen features are asked for. Run it again at any time: what is in place stays as it is.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tenant contoso.com',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --with migrate,sync,federation,rollout --yes',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com --certificate-out /secure/mfa.pfx --wait 2h',
    '<%= config.bin %> <%= command.id %> --from-registry phonefactor.reg --tenant contoso.us --dry-run',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --yes --json',
  ]
  static override flags = {
    with: Flags.string({
      summary: 'What it is for: migrate, sync, federation, audit, rollout, readiness; separated by commas.',
      helpValue: 'FEATURES',
    }),
    ...appFlags,
    new: Flags.boolean({summary: 'Register another application, though one is known.'}),
    certificate: Flags.string({
      summary: 'A certificate with its key that is there already (PEM or PFX).',
      helpValue: 'FILE',
      exclusive: ['certificate-out'],
    }),
    ...certificateFlags,
    prune: Flags.boolean({summary: 'Take back what is granted beyond need.'}),
    wait: waitFlag,
    'dry-run': Flags.boolean({summary: 'Show what would be done; change nothing.'}),
    'from-registry': Flags.string({
      summary: "Registry export of MFA Server's key: StsUrl and GraphUrl in it tell the cloud.",
      helpValue: 'FILE.reg',
    }),
    ...changeFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags: typed} = await this.parse(AppConfigure)
    const {registrationDeps} = await import('../../wire-registration.js')
    const requests = await import('../../wire-registration-requests.js')
    const {withRegistryCloud} = await import('../../wire-registration-settings.js')
    const flags = await withRegistryCloud(typed)
    const wired = await this.wire({...flags, 'writes-config': true})
    const {configure} = await import('../../lib/registration/configure.js')
    const {showAppPlan, showConfigured} = await import('../../lib/report/app-report.js')
    const request = requests.configureRequest(wired, flags, showAppPlan(wired.show))
    const deps = await registrationDeps(wired, flags, {as: 'person', writes: true}, this.signal)
    const report = await configure(await request(deps.tenantId), deps, this.signal)
    if (report.permissions.some(({tried}) => tried === 'refused')) this.exitWith('partial')
    return showConfigured(report, wired.show, wired.clock.now(), wired.again)
  }
}
