import {auditFlags, auditUserFlag} from '../../audit-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'

export default class AuditQuery extends MfaCommand {
  static override summary =
    'Print the two queries for Log Analytics (KQL): what happened to whom, and users a day.'
  static override description = `For tenants that send their audit log to a Log Analytics workspace: paste them into Logs. Without --actor they look for this tool's app, Microsoft's utility (Azure MFA Management) and the registration service (Azure MFA StrongAuthenticationService). The log itself is not read.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 30d --actor incumbent',
    '<%= config.bin %> <%= command.id %> --user jdoe@contoso.com --json',
  ]
  static override flags = {...auditFlags, user: auditUserFlag}

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuditQuery)
    const wired = await this.wire(flags)
    const {kqlRequest} = await import('../../wire-audit.js')
    const {kqlQueries} = await import('../../lib/audit/kql.js')
    const {showQueries} = await import('../../lib/report/audit-summary-report.js')
    return showQueries(kqlQueries(await kqlRequest(flags, wired, this.signal)), wired.show)
  }
}
