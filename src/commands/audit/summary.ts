import {auditFlags, untilFlag} from '../../audit-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, reportFlag} from '../../mfa-flags.js'

export default class AuditSummary extends MfaCommand {
  static override summary = 'Count migrated users a day and in all, by who migrated them.'
  static override description = `Different users whose methods, numbers or devices changed, by day (UTC): by this tool's app, by Microsoft's own utility (Azure MFA Management), by the registration service, by others. Users of the first two count as migrated. Needs AuditLog.Read.All.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 30d --csv days.csv --report migration.html',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --json',
  ]
  static override flags = {...auditFlags, until: untilFlag, csv: csvFlag, report: reportFlag}

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuditSummary)
    const wired = await this.wire(flags)
    const {auditDeps, auditQuery} = await import('../../wire-audit.js')
    const {summarise} = await import('../../lib/audit/summary.js')
    const {showSummary, summaryPage} = await import('../../lib/report/audit-summary-report.js')
    const {log, scratch, ours} = await auditDeps(wired, this.signal)
    const query = await auditQuery(flags, wired, ours, this.signal)
    const summary = await summarise(log.entries(query, this.signal), ours, scratch)
    const report = {...summary, since: query.from.toISOString(), reaches: await log.reaches(this.signal)}
    const result = await showSummary(report, flags.csv, wired.show)
    await wired.writePage(flags.report, (_source, at) => summaryPage(report, at))
    return result
  }
}
