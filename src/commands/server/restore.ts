import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'
import {identityFlag} from '../../server-flags.js'

export default class ServerRestore extends MfaCommand {
  static override summary = 'Put a backup in the place of the data of Azure MFA Server.'
  static override description = `Proves the backup, shows what would be replaced and which changes since the backup would be lost, asks, writes the files beside the folder, compares them, and swaps by two renames. What was there stays, renamed. Ends with a runbook: service, installer, federation. A Windows service is never stopped unless --control-service says so.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./backups/mfa-server-20270115T080000Z --data ./Data',
    '<%= config.bin %> <%= command.id %> ./backups/mfa-server-20270115T080000Z --data ./Data --yes --json',
  ]
  static override args = {
    backup: Args.string({description: 'folder of the backup', required: true}),
  }
  static override flags = {
    data: Flags.string({
      summary: 'Folder to put it into; what is there is renamed aside.',
      helpValue: 'FOLDER',
      helpGroup: 'WHERE',
      required: true,
    }),
    identity: identityFlag,
    yes: Flags.boolean({char: 'y', summary: 'Replace without asking.'}),
    'control-service': Flags.boolean({
      summary: 'Stop the Windows service MultiFactorAuth for the swap, and start it again. Windows only.',
    }),
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(ServerRestore)
    const wired = await this.wire(flags)
    const {backupDeps, restoreRequest} = await import('../../wire-backup.js')
    const {restore} = await import('../../lib/backup/restore.js')
    const {showRestored, showRestorePlan} = await import('../../lib/report/restore-report.js')
    const request = await restoreRequest(args.backup, flags, (plan) => showRestorePlan(plan, wired.out))
    return showRestored(await restore(request, backupDeps(wired), this.signal), wired.out)
  }
}
