import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'

export default class SyncStatus extends MfaCommand {
  static override summary =
    'Show the last rounds, who fails and when they are tried again, and who synchronises.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {csv: csvFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(SyncStatus)
    const wired = await this.wire(flags)
    const {readSyncStatus} = await import('../../wire-sync.js')
    const {showSyncStatus} = await import('../../lib/report/sync-report.js')
    return showSyncStatus(await readSyncStatus(wired), wired.show, flags.csv)
  }
}
