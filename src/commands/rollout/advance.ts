import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {changeFlags, checkFlags, groupArg, rolloutGroupFlag} from '../../rollout-flags.js'

export default class RolloutAdvance extends MfaCommand {
  static override summary =
    'Put the next wave into the staged rollout, if it is due and the lock-out check holds.'
  static override description = `Works for applications (GroupMember.ReadWrite.All), so a pipeline can run it daily: before a wave is due, and once everybody is in, it changes nothing and ends with 0. Everybody who is in and everybody who comes is checked; it refuses with exit code 8 and names who would be stuck. Without a group it advances all waves that were set up. The state folder remembers them.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> "MFA pilot" --source ./export --yes --json',
  ]
  static override args = groupArg
  static override flags = {
    group: rolloutGroupFlag,
    early: Flags.boolean({summary: 'Also before the wave is due.'}),
    ...changeFlags,
    ...checkFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RolloutAdvance)
    const wired = await this.wire(flags)
    const {askedOf, groupOf, rolloutDeps, tellingOf} = await import('../../wire-rollout.js')
    const {advanceWaves} = await import('../../lib/rollout/advance-waves.js')
    const {showPlanned} = await import('../../lib/report/rollout-report.js')
    const {showAdvanced} = await import('../../lib/report/wave-report.js')
    const named = args.group !== undefined || flags.group !== undefined
    const group = named ? groupOf(args.group, flags.group) : undefined
    const deps = await rolloutDeps(wired, flags)
    const asked = await askedOf(wired, flags, showPlanned(wired.show))
    const reports = await advanceWaves({...asked, group, early: flags.early}, deps, this.signal)
    return showAdvanced(reports, tellingOf(wired, flags), wired.show, wired.ui)
  }
}
