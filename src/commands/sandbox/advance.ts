import {Args} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

export default class SandboxAdvance extends MfaCommand {
  static override summary = "Put the sandbox tenant's clock forward, for what takes a day."
  static override description = `Federation changes and staged rollout take up to 24 hours in Entra. The sandbox takes exactly 24 hours for the one and this command to pass them. The clock never goes back; mfa sandbox reset begins anew. Sign-ins to the sandbox stay good.`
  static override examples = ['<%= config.bin %> <%= command.id %> 24h']
  static override args = {
    time: Args.string({description: 'how far: 90s, 15m, 24h or 7d', required: true}),
  }
  static override flags = {...settingsFlags}

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(SandboxAdvance)
    const wired = await this.wire(flags)
    const {advanceSandbox} = await import('../../wire-sandbox-clock.js')
    const advanced = await advanceSandbox(wired, args.time)
    wired.out.line(`The sandbox tenant's clock shows ${advanced.now}.`)
    return advanced
  }
}
