import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {RolloutPolicy} from '../ports/rollout.js'
import type {Objections, Planned, RolloutReport} from '../rollout/change-rollout.js'
import type {CheckReport} from '../rollout/check.js'
import type {CheckedGroup} from '../rollout/check-group.js'
import type {Effect} from '../rollout/effect.js'
import type {ShownRollout, ShownWaves} from '../rollout/show-rollout.js'
import {
  blockersJson,
  refuseUnaccepted,
  showAccepted,
  showBlockers,
  type Telling,
} from './rollout-objections.js'
import {TABLE_LIMIT, type Show, writeCsv} from './show.js'
import {shellWord} from '../model/shell-word.js'
import {utc} from './utc.js'

type Json = Readonly<Record<string, unknown>>

const policyColumns: readonly Column<RolloutPolicy>[] = [
  {key: 'feature', title: 'Feature', value: ({feature}) => feature, weight: 0},
  {key: 'isEnabled', title: 'On', value: ({isEnabled}) => (isEnabled ? 'yes' : 'no'), weight: 0},
  {
    key: 'isAppliedToOrganization',
    title: 'Everybody',
    value: ({isAppliedToOrganization}) => (isAppliedToOrganization ? 'yes' : 'no'),
    weight: 0,
  },
  {
    key: 'groups',
    title: 'Groups',
    value: ({groups}) => groups.map(({displayName}) => displayName),
    weight: 2,
  },
  {key: 'displayName', title: 'Policy', value: ({displayName}) => displayName},
]

/** `mfa rollout list` */
export async function showPolicies(
  policies: readonly RolloutPolicy[],
  csv: string | undefined,
  again: string,
  show: Show,
): Promise<Json> {
  await show.out.table(policyColumns, policies, {
    limit: TABLE_LIMIT,
    empty: 'No policy of staged rollout, of whatever feature.',
  })
  await writeCsv(csv, policyColumns, policies, show)
  show.out.line(`Next: mfa rollout show${again}`)
  return {policies}
}

/** `mfa rollout show` */
export function showShown({policies, waves}: ShownRollout, again: string, {out}: Pick<Show, 'out'>): Json {
  for (const {displayName, isEnabled, isAppliedToOrganization, groups} of policies) {
    const held = countOf(groups.length, 'group')
    out.line(
      isEnabled
        ? `"${displayName}" is on and sends ${held} to Microsoft Entra MFA`
        : `"${displayName}" is off and sends nobody to Microsoft Entra MFA; ${held} would be`,
    )
    if (isAppliedToOrganization) out.prose('It applies to the whole organisation: groups do not count.')
    for (const group of groups) out.line(`  ${group.displayName} (${group.id})`)
  }
  if (policies.length === 0)
    out.line('No staged rollout of MFA: nobody is sent to Microsoft Entra MFA by a group.')
  for (const plan of waves) for (const line of wavesLines(plan)) out.prose(line)
  out.line(`Next: mfa rollout ${nextOf({policies, waves})}${again}`)
  return {policies, waves}
}

const nextOf = ({policies, waves}: ShownRollout): string => {
  if (policies.length === 0) return 'check --group NAME'
  if (policies.some(({isEnabled}) => !isEnabled)) return 'enable'
  return waves.some(({isEnded}) => !isEnded) ? 'advance' : 'list'
}

const wavesLines = (plan: ShownWaves): readonly string[] => {
  if (plan.isEnded) return [`Waves out of "${plan.source}" (${plan.group}) were taken back.`]
  const due = plan.isUnfinished
    ? '; the last one was cut off: mfa rollout advance goes on with it'
    : plan.nextDue === undefined
      ? ''
      : `; the next one may begin at ${utc(plan.nextDue)}`
  return [
    `Waves of ${plan.size} out of "${plan.source}" into "${plan.group}": ${countOf(plan.waves, 'wave')}, ${countOf(plan.placed, 'person', 'people')} put in of ${plan.members}${due}.`,
  ]
}

/** What is going to be written and what speaks against it, before anything is asked. */
export const showPlanned =
  ({out}: Pick<Show, 'out'>) =>
  async ({says, check, objections}: Planned): Promise<void> => {
    if (check === undefined) showAccepted(objections, out)
    else await showCheck(check, objections, out)
    for (const line of says) out.line(`Plan: ${line}`)
  }

async function showCheck(check: CheckReport, objections: Objections, out: Show['out']): Promise<void> {
  const names = check.groups.map(({displayName}) => `"${displayName}"`).join(', ')
  const how = check.readsServer ? 'compared with MFA Server' : 'by the memory of earlier runs'
  await showBlockers(objections, out)
  const verdict = objections.total === 0 ? 'nobody would be stuck' : countOf(objections.total, 'objection')
  out.prose(`Lock-out check of ${names}, ${how}: ${countOf(check.users, 'user')}; ${verdict}`)
  if (check.disabled > 0)
    out.prose(
      `${countOf(check.disabled, 'account')} of them cannot sign in at all and was not judged; check again before it is enabled.`,
    )
}

/** `mfa rollout check` */
export async function showChecked(checked: CheckedGroup, telling: Telling, show: Show): Promise<Json> {
  const {check, objections, group, isInPolicy, tenantId} = checked
  await showCheck(check, objections, show.out)
  const facts = {tenantId, group, isInPolicy, ...checkJson(check)}
  await refuseUnaccepted(objections, telling, show, {ok: false, ...facts})
  show.out.line(`"${group.displayName}" can go over to Microsoft Entra MFA`)
  show.out.line(`Next: mfa rollout add-group ${shellWord(group.displayName)}${telling.again}`)
  return {ok: true, ...facts, ...(await blockersJson(objections, telling.folder, show))}
}

export const checkJson = ({groups, users, disabled, readsServer}: CheckReport): Json => ({
  users,
  disabled,
  readsServer,
  checkedGroups: groups,
})

/** What a changing command has come to. Throws MfaError `refused` where it was. */
export async function showChanged(report: RolloutReport, telling: Telling, show: Show): Promise<Json> {
  const {action, tenantId, policy, after, groups, says, check, objections, writes, run, effect} = report
  const facts = {action, tenantId, groups, ...(check === undefined ? {} : checkJson(check))}
  await refuseUnaccepted(objections, telling, show, {...facts, policy: policy ?? null, writes: 0})
  const {out} = show
  if (writes === 0) out.line(`nothing to do: ${standingLine(report)}`)
  else {
    tellEffect(effect, out)
    out.line(`${standingLine(report)}; ${countOf(writes, 'change')} made`)
    if (after?.isEnabled === false && action !== 'disable')
      out.prose('The policy is off: nobody is covered until mfa rollout enable.')
  }
  out.line(`Next: mfa rollout show${telling.again}`)
  return {
    ...facts,
    policy: after ?? null,
    says,
    writes,
    run: run ?? null,
    effect: effect ?? null,
    ...(await blockersJson(objections, telling.folder, show)),
  }
}

function standingLine({action, groups, after, says, policy}: RolloutReport): string {
  const names = groups.map(({displayName}) => `"${displayName}"`).join(', ')
  switch (action) {
    case 'create':
      return `there is a policy for the staged rollout of MFA, "${after?.displayName ?? ''}"`
    case 'add-group':
      return `group ${names} is in the staged rollout of MFA`
    case 'remove-group':
      if (names === '') return 'the group is not in the staged rollout of MFA'
      return policy === undefined
        ? `${countOf(says.length, 'person', 'people')} taken out of ${names}`
        : `${names} is no longer in the staged rollout of MFA`
    case 'enable':
      return 'the staged rollout of MFA is on'
    case 'disable':
      return 'the staged rollout of MFA is off'
    default:
      return 'there is no policy for the staged rollout of MFA'
  }
}

/** Said every time: sign-ins follow late. */
export function tellEffect(effect: Effect | undefined, out: Pick<Show['out'], 'prose'>): void {
  if (effect === undefined) return
  const atOnce =
    effect.atOnce === undefined ? '' : ` (the first 200 people of a group at once, here ${effect.atOnce})`
  out.prose(
    `It may take up to 24 hours until sign-ins follow${atOnce}: it should have taken effect by ${utc(effect.expectedBy)}.`,
  )
}
