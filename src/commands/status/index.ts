import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, reportFlag, tenantFlags} from '../../mfa-flags.js'

export default class Status extends MfaCommand {
  static override summary = 'Say where this migration stands, phase by phase, how we know, and what is next.'
  static override description = `Goes through the steps of Microsoft's migration guide in their order. What the tenant, the journal, the answers file and the backup folder can prove is looked up; what only people know is confirmed with mfa status confirm and mfa status check.
Nothing is changed. What cannot be looked up, for want of a sign-in or a permission, is "unknown" and says why.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --answers mfa.answers.yaml --backups D:\\Backups --report status.html',
    '<%= config.bin %> <%= command.id %> --tenant sandbox --json',
  ]
  static override flags = {
    answers: Flags.string({
      summary: 'Answers file of mfa server assess; mfa.answers.yaml in this folder unless set.',
      helpValue: 'FILE',
    }),
    backups: Flags.string({summary: 'Folder that mfa server backup writes to.', helpValue: 'FOLDER'}),
    csv: csvFlag,
    report: reportFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(Status)
    const wired = await this.wire(flags)
    const {lookAtStatus} = await import('../../wire-status.js')
    const {showStatus, statusPage} = await import('../../lib/report/status-report.js')
    const view = await lookAtStatus(wired, flags, this.signal)
    const result = await showStatus(view, wired.show, flags.csv)
    await wired.writePage(flags.report, () => statusPage(view))
    return result
  }
}
