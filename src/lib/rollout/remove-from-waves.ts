import {inTenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import {acceptedCodes, onPremMfa} from './blockers.js'
import {mustBeWanted, objectionsOf, type Asked, type RolloutReport} from './change-rollout.js'
import {removeWaveMember} from './changes.js'
import {handlingOf, settleOpen} from './handling.js'
import {effectOf} from './effect.js'
import {wavePlans} from './wave-plans.js'

import {noWaves, type WaveDeps} from './wave-report.js'

/** `mfa rollout remove-group G --user U`: takes people out of the group that was made for the waves. */
export async function removeFromWaves(
  request: Asked & {readonly group: string; readonly users: readonly string[]},
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<RolloutReport> {
  const accepted = acceptedCodes(request.accept)
  const {directory, journal, groups} = deps
  const tenantId = await directory.tenantId(signal)
  const asked = await directory.findGroup(request.group, signal)
  const plan = (await wavePlans(journal, tenantId)).find(
    ({source, group, isEnded}) => !isEnded && (source.id === asked.id || group.id === asked.id),
  )
  if (plan === undefined) throw noWaves(asked.displayName)
  const named: {readonly id: ObjectId; readonly userPrincipalName: string}[] = []
  for (const name of request.users) {
    const user = await directory.findUser(name, signal)
    if (user === undefined) throw noUser(name)
    named.push(user)
  }
  const inside = new Set<ObjectId>()
  for await (const page of groups.directMembers(plan.group.id, signal))
    for (const {id} of page.users) if (named.some((user) => user.id === id)) inside.add(id)
  const changes = named.filter(({id}) => inside.has(id)).map((user) => removeWaveMember(plan.group, user))
  const says = changes.map((change) => change.says)
  const objections = objectionsOf(undefined, changes.length > 0 ? [onPremMfa()] : [], accepted)
  const planned = {
    action: 'remove-group',
    policy: undefined,
    groups: [plan.group],
    says,
    check: undefined,
    objections,
  }
  await request.preview(planned)
  const report = {...planned, tenantId, after: undefined, writes: 0, run: undefined, effect: undefined}
  if (objections.refused.length > 0) return report
  if (changes.length > 0) await mustBeWanted(request, says, deps)
  const start = {
    kind: 'rollout',
    tenantId,
    command: 'mfa rollout remove-group',
    options: {group: plan.group.id, users: named.map(({id}) => id)},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  } as const
  return inTenantRun(start, deps, signal, async (run) => {
    const settled = await settleOpen(run, tenantId, journal, deps)
    let writes = settled.length
    for (const change of changes) {
      const {outcome} = await run.mustApply(change, handlingOf(change, deps))
      if (outcome.status === 'done') writes += 1
    }
    return {...report, writes, run: run.id(), effect: writes > 0 ? effectOf(deps.now()) : undefined}
  })
}

const noUser = (name: string): MfaError =>
  new MfaError('USER_NOT_FOUND', `--user: no user ${name} in the tenant`, {
    exit: 'usage',
    fix: 'Give a user principal name or an object id.',
  })
