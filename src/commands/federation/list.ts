import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, tenantFlags} from '../../mfa-flags.js'

export default class FederationList extends MfaCommand {
  static override summary = 'List the domains of the tenant, and who does MFA in the federated ones.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --json',
  ]
  static override flags = {csv: csvFlag, ...tenantFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(FederationList)
    const wired = await this.wire(flags)
    const {standingDeps} = await import('../../wire-federation.js')
    const {domainStandings} = await import('../../lib/federation/standing.js')
    const {showDomains} = await import('../../lib/report/federation-report.js')
    const domains = await domainStandings(undefined, await standingDeps(wired), this.signal)
    return showDomains(domains, {csv: flags.csv, again: wired.again}, wired.show)
  }
}
