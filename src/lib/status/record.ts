import {happened, pastChanges} from '../changes/past-changes.js'
import type {TenantChange} from '../changes/tenant-change.js'
import {inTenantRun, type TenantRunDeps} from '../changes/tenant-run.js'
import type {Journal} from '../ports/journal.js'
import type {Attestation} from './facts.js'
import type {PilotAnswer, PilotCheckId, PilotUser} from './pilot-checks.js'
import {ATTESTED, type AttestedStep} from './steps.js'

/** What a person says, who it is, and where. */
export interface Told {
  readonly tenantId: string
  /** User and machine. */
  readonly by: string
  readonly logFile?: string | undefined
}

/** `mfa status check`: puts a pilot user's answers on record; a later answer replaces an earlier one. */
export async function recordPilot(
  user: string,
  answers: Readonly<Partial<Record<PilotCheckId, PilotAnswer>>>,
  note: string | undefined,
  told: Told,
  deps: TenantRunDeps,
  signal: AbortSignal,
): Promise<void> {
  const changes = Object.entries(answers).map(([check, answer]): TenantChange => ({
    id: `pilot-check ${user.toLowerCase()} ${check}`,
    kind: 'pilot-check',
    target: {id: user.toLowerCase(), name: user},
    before: null,
    after: {check, answer, by: told.by, note: note ?? null},
    says: `${user}: ${check} ${answer.replace('-', ' ')}`,
  }))
  await record('mfa status check', changes, told, deps, signal)
}

/** `mfa status confirm`: a person says that a step is done, or takes it back. */
export async function recordStep(
  step: AttestedStep,
  done: boolean,
  note: string | undefined,
  told: Told,
  deps: TenantRunDeps,
  signal: AbortSignal,
): Promise<void> {
  const change: TenantChange = {
    id: `confirm-step ${step}`,
    kind: 'confirm-step',
    target: {id: step, name: step},
    before: null,
    after: {done, by: told.by, note: note ?? null},
    says: `${step} ${done ? 'is done' : 'is not done after all'}`,
  }
  await record('mfa status confirm', [change], told, deps, signal)
}

/** Nothing is sent anywhere: the record itself is the change. */
async function record(
  command: string,
  changes: readonly TenantChange[],
  {tenantId, logFile}: Told,
  deps: TenantRunDeps,
  signal: AbortSignal,
): Promise<void> {
  const at = deps.clock.now().toISOString()
  const start = {kind: 'status' as const, tenantId, command, options: {at}, logFile, consistencyMs: 0}
  await inTenantRun(start, deps, signal, async (run) => {
    for (const change of changes)
      await run.apply(change, {
        send: () => Promise.resolve({outcome: {status: 'done'}}),
        shows: () => Promise.resolve({}),
      })
  })
}

export interface Recorded {
  readonly pilots: readonly PilotUser[]
  readonly attested: ReadonlyMap<AttestedStep, Attestation>
}

/** The newest answers of pilot users, and what stands confirmed. */
export async function readRecorded(journal: Journal, tenantId: string): Promise<Recorded> {
  const pilots = new Map<string, PilotUser>()
  const attested = new Map<AttestedStep, Attestation>()
  for await (const past of pastChanges(journal, tenantId, ['status'])) {
    if (!happened(past)) continue
    const {change, at} = past
    const after = change.after as {by?: string; note?: string | null; done?: boolean} & PilotRecord
    if (change.kind === 'pilot-check' && after.check !== undefined && after.answer !== undefined) {
      const old = pilots.get(change.target.id)?.answers
      const answers = {...old, [after.check]: after.answer}
      pilots.set(change.target.id, {userPrincipalName: change.target.name, answers, at})
    }
    const step = ATTESTED.find((each) => each === change.target.id)
    if (change.kind !== 'confirm-step' || step === undefined) continue
    if (after.done === true)
      attested.set(step, {at, by: after.by ?? 'somebody', note: after.note ?? undefined})
    else attested.delete(step)
  }
  return {pilots: [...pilots.values()], attested}
}

interface PilotRecord {
  readonly check?: PilotCheckId
  readonly answer?: PilotAnswer
}
