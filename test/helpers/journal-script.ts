import type {ActionId, ObjectId, RunId, SourceKey} from '../../src/lib/model/brand.js'
import type {PhoneSlot} from '../../src/lib/model/entra-user.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import type {Journal, RunKind} from '../../src/lib/ports/journal.js'
import {collect} from './collect.js'

/** One journal call as data. `run` counts the runs in the order in which they were begun. */
export type Step =
  | {readonly do: 'begin'; readonly key: string}
  | {readonly do: 'end'; readonly status: 'finished' | 'interrupted' | 'stopped'}
  | {readonly do: 'intent'; readonly user: string; readonly action: string}
  | {readonly do: 'outcome'; readonly status: Outcome['status']}
  | {readonly do: 'image'; readonly user: string; readonly preferred: 'push' | 'sms'}
  | {readonly do: 'result'; readonly user: string; readonly outcome: string}
  | {readonly do: 'migrated'; readonly user: string; readonly fingerprint: string}

export const TENANT = '11111111-1111-4111-8111-111111111111'
/** What runs of a key are. */
const KINDS: Readonly<Record<string, RunKind>> = {k1: 'sync', k2: 'undo'}
const GROUP = 'g1' as ObjectId
export const USERS = ['u1', 'u2', 'u3'] as const

interface Attempt {
  readonly run: RunId
  readonly user: ObjectId
  readonly action: ActionId
}

/** Plays steps on a journal; a step that has nothing to refer to does nothing. `open`: an intent that has been made. */
export function player(journal: Journal, open?: Attempt): (step: Step, index: number) => Promise<void> {
  let run = open?.run
  let last = open
  return async (step, index) => {
    const at = new Date(Date.UTC(2026, 2, 1) + index * 1000).toISOString()
    if (step.do === 'begin') {
      run = (
        await journal.beginRun({
          kind: KINDS[step.key] ?? 'migrate',
          tenantId: TENANT,
          group: {id: GROUP, displayName: 'MFA pilot'},
          sourceLabel: 'export',
          sourceFingerprint: 'f0',
          options: {phones: 'safe'},
          resumeKey: step.key,
          startedAt: at,
        })
      ).run.id
      return
    }
    if (run === undefined) return
    switch (step.do) {
      case 'end':
        return journal.endRun(run, step.status, {users: index}, at)
      case 'intent':
        last = {run, user: step.user as ObjectId, action: step.action as ActionId}
        return journal.intent({
          ...last,
          userPrincipalName: `${step.user}@contoso.com`,
          intent: {kind: 'set-phone', slot: step.action, number: `+1 425555${index}`},
          intentAt: at,
        })
      case 'outcome':
        if (last === undefined) return
        return journal.outcome(last.run, last.user, last.action, result(step.status, last.action, index), at)
      case 'image':
        return journal.beforeImage(run, step.user as ObjectId, {...EMPTY, preferred: step.preferred}, at)
      case 'result':
        return journal.userResult({
          run,
          user: step.user as ObjectId,
          userPrincipalName: `${step.user}@contoso.com`,
          source: step.user as SourceKey,
          outcome: step.outcome,
          findings: index % 3 === 0 ? [] : [{code: 'phone-kept'}],
          at,
        })
      case 'migrated':
        return journal.migrated(step.user as ObjectId, TENANT, {
          run,
          source: step.user as SourceKey,
          serverFingerprint: step.fingerprint,
          optionsFingerprint: 'o',
          smsOrVoiceOnly: step.fingerprint === 'a',
          at,
        })
      default:
        step satisfies never
    }
  }
}

const EMPTY = {
  phones: [],
  authenticators: [],
  softwareOath: [],
  hardwareOath: [],
  others: [],
  systemPreferred: false,
} as const

function result(status: Outcome['status'], action: string, index: number): Parameters<Journal['outcome']>[3] {
  const outcome: Outcome =
    status === 'failed' || status === 'unknown' ? {status, code: 'x', message: 'why'} : {status}
  const remember = {number: {slot: action as PhoneSlot, value: `+1 425555${index % 3}`}}
  return {outcome, remember, ...(index % 2 === 0 ? {made: {methodId: `m${index}`}} : {})}
}

/** Everything that the journal tells, with run ids replaced by the order of the runs. Equal states, equal dumps. */
export async function dump(journal: Journal): Promise<unknown> {
  const runs = (await journal.runs()).toReversed()
  const memory = await journal.memory(TENANT, [...USERS] as readonly string[] as readonly ObjectId[])
  const whole = {
    runs: await Promise.all(
      runs.map(async (run) => ({
        run,
        actions: await collect(journal.actions(run.id)),
        images: await Promise.all(USERS.map((user) => journal.beforeImageOf(run.id, user as ObjectId))),
        results: await collect(journal.userResults(run.id)),
      })),
    ),
    memory: [...memory],
    latest: await collect(journal.latestIn(TENANT, GROUP)),
    failing: await collect(journal.latestIn(TENANT, GROUP, 'failing')),
    counts: await journal.latestCounts(TENANT, GROUP),
    scopes: (await journal.runScopes()).toSorted((one, other) => (one.kind < other.kind ? -1 : 1)),
  }
  let text = JSON.stringify(whole, sortKeys)
  runs.forEach((run, index) => {
    text = text.replaceAll(run.id, `run-${index}`)
  })
  return JSON.parse(text)
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Steps that look like runs, the same for the same seed. */
export function scriptOf(seed: number, length: number): readonly Step[] {
  let state = seed >>> 0
  const pick = <T>(list: readonly T[]): T => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const picked = list[Math.floor((state / 2 ** 32) * list.length)]
    if (picked === undefined) throw new Error('an empty list')
    return picked
  }
  const kinds = ['intent', 'intent', 'intent', 'outcome', 'outcome', 'outcome', 'image', 'result', 'migrated', 'end', 'begin'] as const // prettier-ignore
  const steps: Step[] = [{do: 'begin', key: 'k0'}]
  while (steps.length < length) {
    const user = pick(USERS)
    const kind = pick(kinds)
    if (kind === 'begin') steps.push({do: kind, key: pick(['k0', 'k1', 'k2'])})
    else if (kind === 'end') steps.push({do: kind, status: pick(['finished', 'interrupted', 'stopped'])})
    else if (kind === 'intent') steps.push({do: kind, user, action: pick(['mobile', 'office'])})
    else if (kind === 'outcome')
      steps.push({do: kind, status: pick(['done', 'already-done', 'failed', 'unknown'])})
    else if (kind === 'image') steps.push({do: kind, user, preferred: pick(['push', 'sms'])})
    else if (kind === 'result')
      steps.push({do: kind, user, outcome: pick(['migrated', 'partly', 'failed', 'unchanged', 'left'])})
    else steps.push({do: kind, user, fingerprint: pick(['a', 'b'])})
  }
  return steps
}
