import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'
import {identityFlag} from '../../server-flags.js'

export default class ServerVerifyBackup extends MfaCommand {
  static override summary = 'Prove a backup: complete, every hash, and that it can be decrypted.'
  static override description = `Reads every file of the backup and compares its hash; with the key, opens every file too. --fast checks names and sizes, and the hashes of files up to 8 MB. Every fault is named, and the exit code is 65. That it was verified is kept in the backup.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./backups/mfa-server-20270115T080000Z',
    '<%= config.bin %> <%= command.id %> ./backups/mfa-server-20270115T080000Z --identity key.txt',
  ]
  static override args = {
    backup: Args.string({description: 'folder of the backup', required: true}),
  }
  static override flags = {
    fast: Flags.boolean({summary: 'Names and sizes, and hashes of files up to 8 MB.'}),
    identity: identityFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(ServerVerifyBackup)
    const wired = await this.wire(flags)
    const {backupDeps, verifyRequest} = await import('../../wire-backup.js')
    const {verifyBackup} = await import('../../lib/backup/verify-backup.js')
    const {showVerified} = await import('../../lib/report/backup-report.js')
    const request = await verifyRequest(args.backup, flags)
    return showVerified(await verifyBackup(request, backupDeps(wired), this.signal), wired.out)
  }
}
