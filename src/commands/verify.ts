import {verify} from '../lib/migration/verify.js'
import {verifyPage} from '../lib/report/html-reports.js'
import {showVerified, verifyJson} from '../lib/report/verify-report.js'
import {MfaCommand, type Result} from '../mfa-command.js'
import {csvFlag, groupFlag, reportFlag, ruleFlags, sourceFlags, tenantFlags, userFlag} from '../mfa-flags.js'

export default class Verify extends MfaCommand {
  static override summary = 'Compare MFA Server, the plan and the live tenant; writes nothing.'
  static override description = `Marks: = same, + missing in Entra, * different, - only in Entra, ! error or a person is needed.
Exit code 2 when work remains.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source ./export',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --group "MFA pilot" --source examples/contoso --csv verify.csv',
  ]
  static override flags = {
    group: {...groupFlag, required: true},
    user: userFlag,
    csv: csvFlag,
    report: reportFlag,
    ...sourceFlags,
    ...tenantFlags,
    ...ruleFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(Verify)
    const wired = await this.wire(flags)
    const report = await verify(await wired.request(flags), await wired.planning(), this.signal)
    wired.traces.describe({...report, tenantId: report.collected.tenantId, kind: 'verify', run: null})
    await wired.writePage(flags.report, (source, at) => verifyPage(report, source, at))
    await showVerified(report, wired.show, {csv: flags.csv, again: wired.again})
    if (report.workRemains) this.exitWith('differences')
    return verifyJson(report, wired.show, wired.resultsFolder)
  }
}
