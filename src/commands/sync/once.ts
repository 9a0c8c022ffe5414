import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, ruleFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'
import {syncFlags} from '../../sync-flags.js'

export default class SyncOnce extends MfaCommand {
  static override summary =
    'Bring over what changed on the server since the last round, once; for schedulers.'
  static override description = `Users whose server settings have not changed cost nothing. Who failed in an earlier round is tried again after a pause that doubles each time, a day at most; everybody else is not held up. Exit code 3 while somebody fails.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source ./export',
    '<%= config.bin %> <%= command.id %> --all-users --source https://mfa1.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx --json',
  ]
  static override flags = {...syncFlags, csv: csvFlag, ...sourceFlags, ...tenantFlags, ...ruleFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(SyncOnce)
    const wired = await this.wire(flags)
    wired.warnOfCloud('sync')
    const {syncOnce} = await import('../../wire-sync.js')
    const {showRound} = await import('../../lib/report/sync-report.js')
    const report = await syncOnce(wired, flags, this.signal)
    if (report.failing.length > 0) this.exitWith('partial')
    return showRound(report, wired.show, flags.csv)
  }
}
