import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

export default class SandboxShow extends MfaCommand {
  static override summary = 'Show what the sandbox tenant holds; --json shows everything but secrets.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {...settingsFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(SandboxShow)
    const wired = await this.wire(flags)
    const {readSandbox} = await import('../../wire-sandbox.js')
    const {showSandbox} = await import('../../lib/report/sandbox-report.js')
    const tenant = await readSandbox(wired)
    await showSandbox(tenant, wired.out)
    return {...tenant}
  }
}
