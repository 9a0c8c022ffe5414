import {happened, pastChanges} from '../changes/past-changes.js'
import type {ChangeHandling, TenantChange} from '../changes/tenant-change.js'
import {inTenantRun, type TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import type {Clock} from '../ports/clock.js'
import type {Directory, EntraGroup} from '../ports/directory.js'
import type {Journal} from '../ports/journal.js'
import type {Campaign, Campaigns} from '../ports/sign-in-help.js'
import type {Ui} from '../ports/ui.js'
import {covers, NO_CAMPAIGN, sameCampaign, withGroup, withoutGroup} from './campaign-plan.js'

export interface CampaignRequest {
  readonly group: string
  readonly off: boolean
  readonly snoozeDays: number | undefined
  readonly yes: boolean
  readonly dryRun: boolean
  /** Milliseconds (R4). */
  readonly consistencyMs: number
  readonly logFile: string | undefined
  readonly preview: (planned: PlannedCampaign) => void | Promise<void>
}

export interface CampaignDeps {
  readonly campaigns: Campaigns
  readonly directory: Pick<Directory, 'tenantId' | 'findGroup'>
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
}

export interface PlannedCampaign {
  readonly group: EntraGroup
  readonly off: boolean
  readonly before: Campaign
  readonly after: Campaign
  /** Whether something is to be written. */
  readonly isNew: boolean
  /** The original goes back in place, which this tool changed. */
  readonly isUndo: boolean
}

export interface CampaignReport extends PlannedCampaign {
  readonly dryRun: boolean
  readonly writes: number
  readonly run: RunId | undefined
  /** Whether the policy shows it by now. */
  readonly visible: boolean
}

interface CampaignChange extends TenantChange {
  readonly kind: 'set-campaign'
  readonly before: Campaign
  readonly after: Campaign
  /** Object id of the group that it was about. */
  readonly group: string
}

const COMMAND = 'mfa readiness campaign'

/**
 * Switches the registration campaign on for a group, or off: shows, asks, writes the campaign, reads it back. What is so already is
 * not written. `off` brings back what this tool found, if nobody has changed it since. Throws MfaError `declined`, `stale`
 * (somebody changed it meanwhile), `usage` (no such group).
 */
export async function setCampaign(
  request: CampaignRequest,
  deps: CampaignDeps,
  signal: AbortSignal,
): Promise<CampaignReport> {
  const {campaigns, directory, journal, ui} = deps
  const group = await directory.findGroup(request.group, signal)
  const tenantId = await directory.tenantId(signal)
  const before = (await campaigns.read(signal)) ?? NO_CAMPAIGN
  const planned = await plan(group, request, before, tenantId, journal)
  await request.preview(planned)
  const {dryRun, off} = request
  const nothing = {...planned, dryRun, writes: 0, run: undefined, visible: true}
  if (dryRun) return nothing
  if (planned.isNew && !request.yes && !(await ui.confirm(question(planned), '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  const start = {
    kind: 'readiness',
    tenantId,
    command: COMMAND,
    options: {group: group.id, off, snoozeDays: request.snoozeDays},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  } as const
  return inTenantRun(start, deps, signal, async (run) => {
    const open = await cutOff(run, tenantId, journal)
    const now = (await campaigns.read(run.signal)) ?? NO_CAMPAIGN
    // Where the tenant does not show it, somebody may have changed something since: what was previewed is what goes on.
    if (open !== undefined && sameCampaign(now, open.after)) {
      const settled = await run.mustApply(open, handling(open, campaigns))
      return {
        ...planned,
        before: open.before,
        after: open.after,
        dryRun,
        writes: 1,
        run: run.id(),
        visible: settled.visible,
      }
    }
    if (!planned.isNew) return {...nothing, run: run.id()}
    if (!sameCampaign(now, before)) throw changedMeanwhile()
    const change = changeOf(planned)
    const applied = await run.mustApply(change, handling(change, campaigns))
    return {...planned, dryRun, writes: 1, run: run.id(), visible: applied.visible}
  })
}

async function plan(
  group: EntraGroup,
  {off, snoozeDays}: CampaignRequest,
  before: Campaign,
  tenantId: string,
  journal: Journal,
): Promise<PlannedCampaign> {
  const base = {group, off, before}
  if (!off) {
    const after = withGroup(before, group.id, snoozeDays)
    return {...base, after, isNew: !sameCampaign(before, after), isUndo: false}
  }
  const last = await lastChange(group.id, tenantId, journal)
  const isUndo = last !== undefined && covers(last.after, group.id) && sameCampaign(last.after, before)
  const after = isUndo ? last.before : withoutGroup(before, group.id)
  return {...base, after, isNew: !sameCampaign(before, after), isUndo}
}

/** What this tool did last about the group and is known to have happened. */
async function lastChange(
  group: string,
  tenantId: string,
  journal: Journal,
): Promise<CampaignChange | undefined> {
  let last: CampaignChange | undefined
  for await (const past of pastChanges(journal, tenantId, ['readiness'])) {
    const change = past.change as CampaignChange
    if (change.kind === 'set-campaign' && change.group === group && happened(past)) last = change
  }
  return last
}

/** What the same command had begun when it was cut off. */
async function cutOff(
  run: TenantRun,
  tenantId: string,
  journal: Journal,
): Promise<CampaignChange | undefined> {
  const id = run.id()
  if (id === undefined) return undefined
  let open: CampaignChange | undefined
  for await (const {run: of, change, outcome} of pastChanges(journal, tenantId, ['readiness'])) {
    if (of.id !== id || change.kind !== 'set-campaign') continue
    open = outcome === undefined || outcome.status === 'unknown' ? (change as CampaignChange) : undefined
  }
  return open
}

function changeOf({group, off, before, after}: PlannedCampaign): CampaignChange {
  return {
    id: 'set-campaign',
    kind: 'set-campaign',
    target: {id: 'authenticationMethodsPolicy', name: 'registration campaign'},
    before,
    after,
    group: group.id,
    says: `switch the registration campaign ${off ? 'off' : 'on'} for "${group.displayName}"`,
  }
}

function handling({before, after}: CampaignChange, campaigns: Campaigns): ChangeHandling {
  return {
    send: async (signal) => {
      // The campaign is written whole, and a second sending comes a while after the first.
      const now = (await campaigns.read(signal)) ?? NO_CAMPAIGN
      if (!sameCampaign(now, before) && !sameCampaign(now, after)) throw changedMeanwhile()
      return {outcome: await campaigns.write(after, signal)}
    },
    shows: async (signal) => {
      const now = await campaigns.read(signal)
      return now !== undefined && sameCampaign(now, after) ? {} : undefined
    },
  }
}

const question = ({group, off}: PlannedCampaign): string =>
  off
    ? `Switch the registration campaign off for "${group.displayName}"?`
    : `Ask the members of "${group.displayName}" at sign-in to register Microsoft Authenticator?`

const changedMeanwhile = (): MfaError =>
  new MfaError(
    'CAMPAIGN_CHANGED',
    'somebody else changed the registration campaign meanwhile; it was not overwritten',
    {
      exit: 'stale',
      fix: 'Run the same command again: it shows what there is now.',
    },
  )
