import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {changeFlags, checkFlags, groupArg, rolloutGroupFlag} from '../../rollout-flags.js'

export default class RolloutAddGroup extends MfaCommand {
  static override summary = 'Send the members of a group to Microsoft Entra MFA, all at once or in waves.'
  static override description = `Checks first who would be stuck (see mfa rollout check) and refuses with exit code 8; makes the policy if there is none. With
--wave it makes a group of its own, puts that under the policy, and puts the first wave in, 200 people at most; mfa rollout advance puts the next ones in. Sign-ins may take up to 24 hours to follow. A person has to be signed in.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> "MFA rollout 1"',
    '<%= config.bin %> <%= command.id %> "MFA pilot" --wave 10% --every 1d --source ./export --yes',
    '<%= config.bin %> <%= command.id %> "MFA rollout 1" --accept not-synced --yes --json',
  ]
  static override args = groupArg
  static override flags = {
    group: rolloutGroupFlag,
    wave: Flags.string({
      summary: 'In waves of so many people, or of such a share of the group.',
      helpValue: 'N|N%',
    }),
    every: Flags.string({
      summary: 'Time between waves, such as 12h or 1d.',
      helpValue: 'TIME',
      dependsOn: ['wave'],
    }),
    ...changeFlags,
    ...checkFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RolloutAddGroup)
    const wired = await this.wire(flags)
    const {askedOf, changeAndShow, everyMs, groupOf, rolloutDeps, tellingOf} =
      await import('../../wire-rollout.js')
    const group = groupOf(args.group, flags.group)
    const every = everyMs(flags.every)
    if (flags.wave === undefined)
      return changeAndShow(wired, flags, {action: 'add-group', group}, this.signal)
    const {startWaves} = await import('../../lib/rollout/start-waves.js')
    const {showPlanned} = await import('../../lib/report/rollout-report.js')
    const {showWave} = await import('../../lib/report/wave-report.js')
    const deps = await rolloutDeps(wired, flags)
    const asked = await askedOf(wired, flags, showPlanned(wired.show))
    const request = {...asked, group, size: flags.wave, everyMs: every}
    return showWave(
      await startWaves(request, deps, this.signal),
      tellingOf(wired, flags),
      wired.show,
      wired.ui,
    )
  }
}
