import {Flags} from '@oclif/core'

import {SERVICE_FORMATS, type ServiceFormat} from '../../lib/sync/service-definitions.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {ruleFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'
import {logUsersFlag, syncFlags} from '../../sync-flags.js'

export default class SyncService extends MfaCommand {
  static override summary = 'Write the definition of a service that runs mfa sync run all the time.'
  static override description = `Least privileges, restart after failures, a clean end, log rotation; secrets by reference. The flags of mfa sync run that are given here stand in it. Nothing is installed and nobody is asked: the definition goes to stdout or --out, and what to do with it to stderr. The systemd unit was checked with systemd-analyze; the others were not tried on their systems.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --format systemd --group "MFA pilot" --source https://mfa1.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx',
    '<%= config.bin %> <%= command.id %> --format kubernetes --all-users --source /data/export --listen 0.0.0.0:9464 --out mfa-sync.yaml',
  ]
  static override flags = {
    format: Flags.string({summary: 'What kind of service.', options: [...SERVICE_FORMATS], required: true}),
    out: Flags.string({summary: 'Write it to this file.', helpValue: 'FILE'}),
    listen: Flags.string({summary: 'Health checks, as for mfa sync run.', helpValue: '127.0.0.1:9464'}),
    'log-users': logUsersFlag,
    ...syncFlags,
    ...sourceFlags,
    ...tenantFlags,
    ...ruleFlags,
  }

  async run(): Promise<Result> {
    const {flags, raw} = await this.parse(SyncService)
    const wired = await this.wire(flags)
    const {writeService} = await import('../../wire-sync-service.js')
    // oclif has checked it against the options.
    return writeService(wired, flags.format as ServiceFormat, flags, raw)
  }
}
