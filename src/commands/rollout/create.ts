import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {changeFlags} from '../../rollout-flags.js'

export default class RolloutCreate extends MfaCommand {
  static override summary = 'Make the policy for the staged rollout of MFA, with no group in it.'
  static override description = `Nobody is covered until a group is added. Where there is one already, nothing is changed. A person has to be signed in: mfa auth login, with the role Hybrid Identity Administrator.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --off --yes --json',
  ]
  static override flags = {
    off: Flags.boolean({summary: 'Make it switched off; mfa rollout enable switches it on.'}),
    ...changeFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(RolloutCreate)
    const {changeAndShow} = await import('../../wire-rollout.js')
    return changeAndShow(
      await this.wire(flags),
      flags,
      {action: 'create', isEnabled: !flags.off},
      this.signal,
    )
  }
}
