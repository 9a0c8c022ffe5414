import {Flags} from '@oclif/core'

import {countOf} from '../../lib/model/count-of.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {ruleFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'
import {logUsersFlag, syncFlags} from '../../sync-flags.js'

export default class SyncRun extends MfaCommand {
  static override summary = 'Keep Entra in step with the server until stopped: a round every interval.'
  static override description = `Rounds never overlap; one that takes longer than the interval makes the next start fall out. SIGTERM or Ctrl-C ends it cleanly with exit code 0; after a kill the same command goes on. A line on stdout for each round; more in the log and with --listen.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --interval 15m --group "MFA pilot" --source ./export',
    '<%= config.bin %> <%= command.id %> --all-users --source ./export --listen 127.0.0.1:9464',
  ]
  static override flags = {
    ...syncFlags,
    listen: Flags.string({
      summary: 'Serve /live, /ready and /metrics (Prometheus) here.',
      helpValue: '127.0.0.1:9464',
    }),
    'log-users': logUsersFlag,
    ...sourceFlags,
    ...tenantFlags,
    ...ruleFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(SyncRun)
    const wired = await this.wire(flags)
    wired.warnOfCloud('sync')
    const {syncRun} = await import('../../wire-sync.js')
    const {unnamed} = await import('../../lib/report/sync-report.js')
    const state = await syncRun(wired, flags, this.signal)
    this.endedWell()
    wired.out.line(`stopped after ${countOf(state.rounds, 'round')}`)
    const {last, ...rest} = state
    return {...rest, last: last && (flags['log-users'] ? last : unnamed(last))}
  }
}
