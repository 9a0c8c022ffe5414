import {checkSource} from '../../lib/migration/check-source.js'
import {showSource} from '../../lib/report/source-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags, sourceFlags} from '../../mfa-flags.js'

export default class SourceCheck extends MfaCommand {
  static override summary = "Read MFA Server's data and say what is there; asks nothing of Entra."
  static override examples = [
    '<%= config.bin %> <%= command.id %> --source ./export --seed-file seeds.csv',
    '<%= config.bin %> <%= command.id %> --source https://mfa1.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx --source-ca ca.pem',
  ]
  static override flags = {csv: csvFlag, ...sourceFlags, ...settingsFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(SourceCheck)
    const wired = await this.wire(flags)
    const found = await checkSource(
      {source: await wired.source(), clock: wired.clock, ui: wired.ui},
      this.signal,
    )
    await showSource(found, wired.show, flags.csv, wired.again)
    return {...found}
  }
}
