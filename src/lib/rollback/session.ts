import {happened, type PastChange, pastChanges} from '../changes/past-changes.js'
import type {ChangeHandling, TenantChange} from '../changes/tenant-change.js'
import {BEHAVIOR_OF} from '../model/mfa-behavior.js'
import type {Journal} from '../ports/journal.js'
import type {Step, StepRecord, StepRecords} from './steps.js'

const DONE = 'rollback-step'
const SKIPPED = 'rollback-skip'
const AGAIN = 'rollback-again'

/**
 * What is on record of the way back: what operators confirmed and skipped. It begins anew with `--again`, and after a change that goes
 * forward: a domain set to reject, a staged rollout that was opened. What the tenant itself shows is not looked up here.
 */
export async function sessionRecords(journal: Journal, tenantId: string): Promise<StepRecords> {
  const records = new Map<string, StepRecord>()
  for await (const past of pastChanges(journal, tenantId, ['federation', 'rollout', 'rollback'])) {
    if (!happened(past)) continue
    const {kind, target, after} = past.change
    const detail = typeof after === 'string' ? after : ''
    if (kind === AGAIN || goesForward(past)) records.clear()
    else if (kind === DONE) records.set(target.id, {state: 'done', detail})
    else if (kind === SKIPPED) records.set(target.id, {state: 'skipped', detail})
  }
  return records
}

function goesForward({run, change: {kind, after}}: PastChange): boolean {
  if (run.kind === 'federation') return after === BEHAVIOR_OF.reject
  if (run.kind !== 'rollout') return false
  return kind === 'add-rollout-group' || isOn(after)
}

const isOn = (after: unknown): boolean =>
  typeof after === 'object' && after !== null && 'isEnabled' in after && after.isEnabled === true

/** The operator says that it is done; `how` says who said so and how. */
export const stepDone = (step: Step, how: string): TenantChange =>
  entry(DONE, step, how, `${step.title}: ${how}`)

export const stepSkipped = (step: Step, why: string): TenantChange =>
  entry(SKIPPED, step, why, `skip "${step.title}": ${why}`)

/** What is on record counts no more: the first step is the first again. */
export const beginAgain = (): TenantChange => ({
  id: AGAIN,
  kind: AGAIN,
  target: {id: 'rollback', name: 'rollback'},
  before: null,
  after: null,
  says: 'begin the way back with its first step again',
})

function entry(kind: string, {id, title}: Step, after: string, says: string): TenantChange {
  return {id: `${kind} ${id}`, kind, target: {id, name: title}, before: null, after, says}
}

/** Nothing is sent: being on record is all there is to it. */
export const ON_RECORD: ChangeHandling = {
  send: async () => ({outcome: {status: 'done'}}),
  shows: async () => ({}),
}
