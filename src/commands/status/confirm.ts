import {Args, Flags} from '@oclif/core'

import {ATTESTED, type AttestedStep} from '../../lib/status/steps.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class StatusConfirm extends MfaCommand {
  static override summary = 'Say that a step is done which only people can know of, such as telling users.'
  static override description = `Put on record with who said so and when, and shown as such by mfa status. --revoke takes it back.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> inform --note "mail of 3 May, intranet page"',
    '<%= config.bin %> <%= command.id %> portal',
    '<%= config.bin %> <%= command.id %> portal --revoke',
  ]
  static override args = {
    step: Args.string({description: 'which step', required: true, options: [...ATTESTED]}),
  }
  static override flags = {
    note: Flags.string({summary: 'A word about it.', helpValue: 'TEXT'}),
    revoke: Flags.boolean({summary: 'It is not done after all.'}),
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(StatusConfirm)
    const wired = await this.wire(flags)
    const {confirmStep} = await import('../../wire-status.js')
    // oclif has checked it against the options.
    const step = args.step as AttestedStep
    await confirmStep(wired, step, flags, this.signal)
    wired.out.line(`${step}: ${flags.revoke ? 'no longer confirmed' : 'confirmed'}`)
    wired.out.line(`Next: mfa status${wired.again}`)
    return {step, confirmed: !flags.revoke}
  }
}
