import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'
import {backupsFlag, dataFlag, installerFlag, registryFlag, serverFlag} from '../../server-flags.js'

export default class ServerPreflight extends MfaCommand {
  static override summary = 'Check what has to be so before the upgrade of Azure MFA Server to 8.1.'
  static override description = `A fresh, verified backup; the installer of the version in use; room on the disk: these it sees. Load balancer, redistributables and secondaries it cannot see: it asks at the terminal, or takes the flags. What nobody answers stays open.
Exit code 2 while something blocks or is open.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --to ./backups --data ./Data',
    '<%= config.bin %> <%= command.id %> --to ./backups --data ./Data --out-of-load-balancer yes --redistributables yes --secondaries 1 --secondary-logs yes',
  ]
  static override flags = {
    to: backupsFlag,
    data: dataFlag,
    server: serverFlag,
    registry: registryFlag,
    installer: installerFlag,
    'max-age': Flags.string({
      summary: 'Age up to which a backup counts as fresh.',
      helpValue: 'TIME',
      default: '24h',
    }),
    'out-of-load-balancer': Flags.string({
      summary: 'Whether the server is out of the load balancer (H12).',
      options: ['yes', 'no'],
    }),
    redistributables: Flags.string({
      summary: 'Whether both Visual C++ 2015 redistributables are installed (H12).',
      options: ['yes', 'no'],
    }),
    secondaries: Flags.integer({summary: 'How many secondary servers there are.', helpValue: 'N', min: 0}),
    'secondary-logs': Flags.string({
      summary: 'Whether their log size was raised, or they are upgraded right after.',
      options: ['yes', 'no'],
    }),
    csv: csvFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(ServerPreflight)
    const wired = await this.wire(flags)
    const {backupDeps, preflightRequest} = await import('../../wire-backup.js')
    const {isReady, preflight} = await import('../../lib/backup/preflight.js')
    const {showPreflight} = await import('../../lib/report/preflight-report.js')
    const deps = backupDeps(wired)
    const checks = await preflight(await preflightRequest(flags, deps), deps)
    if (!isReady(checks)) this.exitWith('differences')
    return showPreflight(checks, isReady(checks), wired.show, flags.csv)
  }
}
