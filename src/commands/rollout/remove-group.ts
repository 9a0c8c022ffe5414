import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {changeFlags, groupArg, rolloutGroupFlag} from '../../rollout-flags.js'

export default class RolloutRemoveGroup extends MfaCommand {
  static override summary = 'Take a group out of the staged rollout: its members go back on-premises for MFA.'
  static override description = `A group that waves were made out of stands for the group that was made for them; with --user only these people are taken out of that, which works for applications too. Needs --accept onprem-mfa: you attest that MFA works on-premises. Azure MFA Server answers no requests since 2024-09-30, so that has to be another provider behind AD FS; where there is none, mfa federation set accept lets Entra do MFA where the identity provider did not.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> "MFA rollout 1" --accept onprem-mfa',
    '<%= config.bin %> <%= command.id %> "MFA pilot" --user jdoe@contoso.com --accept onprem-mfa --yes',
  ]
  static override args = groupArg
  static override flags = {
    group: rolloutGroupFlag,
    user: Flags.string({
      summary: 'Only this member of a group that was made for waves; repeatable.',
      helpValue: 'UPN',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...changeFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RolloutRemoveGroup)
    const wired = await this.wire(flags)
    const {askedOf, changeAndShow, groupOf, rolloutDeps, tellingOf} = await import('../../wire-rollout.js')
    const group = groupOf(args.group, flags.group)
    if (flags.user === undefined)
      return changeAndShow(wired, flags, {action: 'remove-group', group}, this.signal)
    const {removeFromWaves} = await import('../../lib/rollout/remove-from-waves.js')
    const {showChanged, showPlanned} = await import('../../lib/report/rollout-report.js')
    const deps = await rolloutDeps(wired, flags)
    const asked = await askedOf(wired, flags, showPlanned(wired.show))
    const report = await removeFromWaves({...asked, group, users: flags.user}, deps, this.signal)
    return showChanged(report, tellingOf(wired, flags), wired.show)
  }
}
