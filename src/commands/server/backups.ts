import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'
import {backupsFlag} from '../../server-flags.js'

export default class ServerBackups extends MfaCommand {
  static override summary = 'List the backups in a folder: when, of which server, verified when, good or not.'
  static override description =
    'Looks at manifests, names and sizes; contents are read by mfa server verify-backup.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --to ./backups',
    '<%= config.bin %> <%= command.id %> --to ./backups --json',
  ]
  static override flags = {to: backupsFlag, csv: csvFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(ServerBackups)
    const wired = await this.wire(flags)
    const {backupDeps, listing} = await import('../../wire-backup.js')
    const {showBackups} = await import('../../lib/report/backups-report.js')
    const backups = await listing(flags.to, backupDeps(wired), this.signal)
    return showBackups(flags.to, backups, wired.show, flags.csv)
  }
}
