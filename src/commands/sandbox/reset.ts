import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags, yesFlag} from '../../mfa-flags.js'

export default class SandboxReset extends MfaCommand {
  static override summary = 'Put the sandbox tenant back to its beginning, and forget the runs against it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> --tenant-file my-tenant.json',
  ]
  static override flags = {
    'tenant-file': Flags.string({summary: 'Fill it with this tenant instead of Contoso.', helpValue: 'FILE'}),
    yes: yesFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(SandboxReset)
    const wired = await this.wire(flags)
    const {emptySandbox} = await import('../../wire-sandbox.js')
    const {showReset} = await import('../../lib/report/sandbox-report.js')
    const {done, next} = await emptySandbox(wired, flags)
    showReset(done, next, wired.out)
    return done
  }
}
