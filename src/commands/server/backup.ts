import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'
import {backupsFlag, dataFlag, installerFlag, registryFlag, serverFlag} from '../../server-flags.js'

export default class ServerBackup extends MfaCommand {
  static override summary = 'Back up the data of Azure MFA Server (PhoneFactor.pfdata and its whole folder).'
  static override description = `Copies the folder while the server may be using it: read again and again until two passes agree, hashed (SHA-256), read back from the target, and only then under its final name. The source is only read. Run it on the primary.
--recipient seals it with age for the holder of a key, --passphrase with a passphrase (MFA_BACKUP_PASSPHRASE, or asked for).
--keep and --max-age remove older backups of the same server, never the last good one.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --to E:\\Backups --role primary --installer MultiFactorAuthenticationServerSetup.exe',
    '<%= config.bin %> <%= command.id %> --data ./Data --to ./backups --keep 7 --max-age 30d',
    '<%= config.bin %> <%= command.id %> --data ./Data --to ./backups --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p --json',
  ]
  static override flags = {
    data: dataFlag,
    registry: registryFlag,
    to: backupsFlag,
    installer: installerFlag,
    recipient: Flags.string({
      summary: 'Seal for this age recipient; repeatable.',
      helpValue: 'age1…',
      multiple: true,
      multipleNonGreedy: true,
    }),
    passphrase: Flags.boolean({
      summary: 'Seal with a passphrase: MFA_BACKUP_PASSPHRASE, or asked for.',
      exclusive: ['recipient'],
    }),
    keep: Flags.integer({summary: 'So many good backups stay.', helpValue: 'N', min: 1}),
    'max-age': Flags.string({summary: 'Older backups go, such as 30d.', helpValue: 'TIME'}),
    role: Flags.string({
      summary: 'Which server this is, where the registry export does not say so.',
      options: ['primary', 'subordinate'],
    }),
    'allow-replica': Flags.boolean({summary: 'Also where this is a subordinate (a read-only replica).'}),
    'server-version': Flags.string({summary: 'Version of the server in use.', helpValue: 'VERSION'}),
    server: serverFlag,
    attempts: Flags.integer({
      summary: 'Passes over a folder that keeps changing, at most.',
      default: 10,
      min: 2,
    }),
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(ServerBackup)
    const wired = await this.wire(flags)
    const {backupDeps, backupRequest} = await import('../../wire-backup.js')
    const {backUp} = await import('../../lib/backup/backup.js')
    const {showBackup} = await import('../../lib/report/backup-report.js')
    const deps = backupDeps(wired)
    return showBackup(await backUp(await backupRequest(flags, deps), deps, this.signal), wired.out)
  }
}
