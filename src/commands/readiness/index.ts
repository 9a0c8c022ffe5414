import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, groupFlag, reportFlag, tenantFlags} from '../../mfa-flags.js'

export default class Readiness extends MfaCommand {
  static override summary =
    'Who can sign in after the cut-over, and by what; who depends on SMS or voice; whom the policy locks out, and the way out.'
  static override description = `Judges what is registered in Entra by the authentication methods policy. Exit code 2 when somebody would be locked out. Microsoft ends SMS and voice for sign-in (2027-02-01 in the public cloud): --on 2027-02-01 asks about that day. Reads only.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --group "MFA pilot"',
    '<%= config.bin %> <%= command.id %> --all-users --on 2027-02-01 --csv stuck.csv --report readiness.html',
  ]
  static override flags = {
    group: groupFlag,
    'all-users': Flags.boolean({summary: 'Everybody in the tenant.'}),
    on: Flags.string({
      summary: 'The day that is asked about (ISO 8601); today unless given.',
      helpValue: 'DATE',
    }),
    csv: csvFlag,
    report: reportFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(Readiness)
    const wired = await this.wire(flags)
    wired.warnOfCloud('readiness')
    const {readinessDeps, readinessRequest} = await import('../../wire-readiness.js')
    const {readiness} = await import('../../lib/readiness/readiness.js')
    const {readinessPage, showReadiness} = await import('../../lib/report/readiness-report.js')
    const request = readinessRequest(flags, wired)
    const found = await readiness(request, await readinessDeps(wired), this.signal)
    await wired.writePage(flags.report, (_source, at) => readinessPage(found, at))
    const telling = {csv: flags.csv, folder: wired.resultsFolder, again: wired.again}
    const result = await showReadiness(found, telling, wired.show)
    if (found.counts['locked-out'] > 0) this.exitWith('differences')
    else if (found.counts.unknown > 0) this.exitWith('partial')
    return result
  }
}
