import {Args, Flags} from '@oclif/core'

import {appFlags, changeFlags, waitFlag} from '../../app-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AppGrant extends MfaCommand {
  static override summary =
    'Grant the application a permission that a command found missing, or all that its features lack.'
  static override description = `Without a name: whatever the configured features need and is not granted. With names: these alone. Nothing is taken away.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> AuditLog.Read.All --yes',
    '<%= config.bin %> <%= command.id %> --with migrate,federation',
  ]
  static override strict = false
  static override args = {
    permission: Args.string({description: 'permission of Microsoft Graph; several may be named'}),
  }
  static override flags = {
    with: Flags.string({
      summary: 'Grant what these features need, and remember them.',
      helpValue: 'FEATURES',
    }),
    ...appFlags,
    wait: waitFlag,
    'dry-run': Flags.boolean({summary: 'Show what would be done; change nothing.'}),
    ...changeFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {argv, flags} = await this.parse(AppGrant)
    const wired = await this.wire({...flags, 'writes-config': true})
    const {registrationDeps} = await import('../../wire-registration.js')
    const requests = await import('../../wire-registration-requests.js')
    const {configure} = await import('../../lib/registration/configure.js')
    const {showAppPlan, showConfigured} = await import('../../lib/report/app-report.js')
    const request = requests.grantRequest(wired, flags, argv.map(String), showAppPlan(wired.show))
    const deps = await registrationDeps(wired, flags, {as: 'person', writes: true}, this.signal)
    const report = await configure(await request(deps.tenantId), deps, this.signal)
    return showConfigured(report, wired.show, wired.clock.now(), wired.again)
  }
}
