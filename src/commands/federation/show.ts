import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class FederationShow extends MfaCommand {
  static override summary =
    'Show who does MFA in federated domains: the value today, and the one it falls back to.'
  static override description = `federatedIdpMfaBehavior says whether Entra accepts, enforces or rejects MFA of the identity provider (AD FS). Never set means:
the old flag SupportsMfa decides, and without it Entra behaves as acceptIfMfaDoneByFederatedIdp. --watch looks again and again until the value is there that this tool set last (or --until), or until Ctrl-C.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --domain contoso.com --watch',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --json',
  ]
  static override flags = {
    domain: Flags.string({summary: 'Only this domain.', helpValue: 'D'}),
    watch: Flags.boolean({summary: 'Look again until the value shows, or until Ctrl-C.'}),
    until: Flags.string({
      summary: 'With --watch: the value to wait for.',
      options: ['reject', 'accept', 'enforce'],
      dependsOn: ['watch'],
    }),
    interval: Flags.string({summary: 'With --watch: how often.', helpValue: 'TIME', default: '60s'}),
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(FederationShow)
    const wired = await this.wire(flags)
    const {standings} = await import('../../wire-federation.js')
    const {showFederation} = await import('../../lib/report/federation-report.js')
    return showFederation(await standings(wired, flags, this.signal), wired.show)
  }
}
