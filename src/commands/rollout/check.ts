import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, tenantFlags} from '../../mfa-flags.js'
import {acceptFlag, checkFlags, groupArg, rolloutGroupFlag} from '../../rollout-flags.js'

export default class RolloutCheck extends MfaCommand {
  static override summary =
    'The lock-out check: who of a group would be stuck with Microsoft Entra MFA, and why.'
  static override description = `What add-group asks before it changes anything, and exit code 8 where it would refuse. Looks at the group (nested, dynamic, too large, the one that users are migrated by) and at every member: migrated, proven and unchanged since; a method that the tenant's policy allows; the limit of five devices; synchronised from Active Directory. With --source the members are compared with MFA Server (give the same --seed-file as for the migration); without it the memory of earlier runs answers.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> "MFA rollout 1"',
    '<%= config.bin %> <%= command.id %> --group "MFA rollout 1" --source ./export --csv stuck.csv',
  ]
  static override args = groupArg
  static override flags = {
    group: rolloutGroupFlag,
    accept: acceptFlag,
    csv: csvFlag,
    ...checkFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RolloutCheck)
    const wired = await this.wire(flags)
    const {groupOf, rolloutDeps, tellingOf} = await import('../../wire-rollout.js')
    const {checkGroup} = await import('../../lib/rollout/check-group.js')
    const {showChecked} = await import('../../lib/report/rollout-report.js')
    const request = {group: groupOf(args.group, flags.group), accept: flags.accept ?? []}
    const checked = await checkGroup(request, await rolloutDeps(wired, flags), this.signal)
    return showChecked(checked, tellingOf(wired, flags), wired.show)
  }
}
