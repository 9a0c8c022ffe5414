import type {FederationRecord} from '../changes/federation-changes.js'
import {BEHAVIOR_OF, type MfaBehavior, type ShownBehavior, wayBack} from '../model/mfa-behavior.js'
import type {DomainFederation} from '../ports/federation.js'
import type {RolloutPolicy} from '../ports/rollout.js'

/**
 * `open`: to be done. `done`: on record, or the tenant shows it. `skipped`: the operator said why. `not-needed`: there is nothing to
 * put back.
 */
export type StepState = 'open' | 'done' | 'skipped' | 'not-needed'

interface Base {
  /** What `--step` and `--skip` name. */
  readonly id: string
  readonly title: string
  readonly state: StepState
  /** Why it stands like that, for people. */
  readonly detail?: string | undefined
}

/** On the server, by hand: the operator says that it is done. */
export interface ServerStep extends Base {
  readonly kind: 'server'
  /** Sentences; what begins with two spaces is a command to copy. */
  readonly how: readonly string[]
  readonly question: string
}

export interface FederationStep extends Base {
  readonly kind: 'federation'
  readonly domain: DomainFederation
  readonly to: MfaBehavior
}

export interface RolloutStep extends Base {
  readonly kind: 'rollout'
  readonly policies: readonly RolloutPolicy[]
}

export interface UndoStep extends Base {
  readonly kind: 'undo'
  readonly run: string
}

export type Step = ServerStep | FederationStep | RolloutStep | UndoStep

/** What the operator recorded of the rollback under way, by the id of the step. */
export interface StepRecord {
  readonly state: 'done' | 'skipped'
  readonly detail: string
}

export type StepRecords = ReadonlyMap<string, StepRecord>

export interface ServerFacts {
  /** Folder of the backup and of the data, so that the command can be copied as it stands. */
  readonly backup?: string | undefined
  readonly data?: string | undefined
}

const DEFAULT_DATA = 'C:\\Program Files\\Multi-Factor Authentication Server\\Data'

/** Steps 1 to 4: in this order, since each builds on the one before. */
export function serverSteps({backup, data}: ServerFacts, records: StepRecords): readonly ServerStep[] {
  const steps: readonly Pick<ServerStep, 'id' | 'title' | 'how' | 'question'>[] = [
    {
      id: 'uninstall',
      title: 'Uninstall MFA Server 8.1',
      how: [
        'On each server that was upgraded, subordinates first, the primary last: take it out of the load balancer, then uninstall ' +
          '"Multi-Factor Authentication Server" in Programs and Features.',
      ],
      question: 'Is MFA Server 8.1 uninstalled?',
    },
    {
      id: 'restore-data',
      title: 'Put the data file from before the upgrade back',
      how: [
        'On the primary, with the service stopped. The backup is proven before anything is replaced:',
        ...(backup === undefined ? ['  mfa server backups --to FOLDER'] : []),
        `  mfa server restore ${quoted(backup ?? 'BACKUP')} --data ${quoted(data ?? DEFAULT_DATA)}`,
      ],
      question: 'Is PhoneFactor.pfdata from before the upgrade in its place?',
    },
    {
      id: 'install-previous',
      title: 'Run the installer of the previous version',
      how: ['The installer that was kept with the backup (8.0.x), on the primary first, then on the others.'],
      question: 'Is the previous version installed?',
    },
    {
      id: 'confirm-service',
      title: 'Confirm that the server answers',
      how: [
        'The service MultiFactorAuth runs on each server, users and settings are there, and a test user gets through MFA at the ' +
          'identity provider. Azure MFA Server answers no requests since 2024-09-30: where nothing else does MFA there, stop here.',
      ],
      question: 'Does the service run, and does MFA at the identity provider work for a test user?',
    },
  ]
  return steps.map((step) => ({...step, kind: 'server', ...recorded(step.id, records)}))
}

/**
 * One step a federated domain: what was there before this tool's first change, else enforce; or what the operator asks for. Never reject
 * unless asked: that is what a way back comes from.
 */
export function federationStep(
  domain: DomainFederation,
  record: FederationRecord | undefined,
  asked: MfaBehavior | undefined,
  records: StepRecords,
): FederationStep {
  const {behavior, domain: name} = domain
  const to = asked ?? ownWay(behavior, record)
  const id = `federation:${name.toLowerCase()}`
  const base = {id, kind: 'federation', domain, to, title: `Set ${name} to ${to}`} as const
  const known = records.get(id)
  if (known?.state === 'skipped') return {...base, ...known}
  if (behavior === null && record === undefined && asked === undefined)
    return {...base, title: `Leave ${name} as it is`, state: 'not-needed', detail: 'never set, by nobody'}
  if (behavior === to) return {...base, state: 'done', detail: 'the domain shows it'}
  return {...base, state: 'open', detail: `now ${behavior ?? 'never set'}; ${reason(asked, record)}`}
}

/** What to go back to; undefined where nothing is on record that would be a way back. */
const recordedOriginal = (record: FederationRecord | undefined): ShownBehavior | undefined =>
  record === undefined || record.isRollbackOnly || record.original === BEHAVIOR_OF.reject
    ? undefined
    : record.original

function ownWay(now: ShownBehavior, record: FederationRecord | undefined): MfaBehavior {
  // It came back already, and nothing has gone forward since.
  if (record?.last.isRollback === true && record.last.to === now && now !== BEHAVIOR_OF.reject) return now
  const original = recordedOriginal(record)
  return original === undefined ? 'enforceMfaByFederatedIdp' : wayBack(original, record?.supportsMfa)
}

function reason(asked: MfaBehavior | undefined, record: FederationRecord | undefined): string {
  if (asked !== undefined) return 'as --to asks'
  const original = recordedOriginal(record)
  if (original === undefined) return 'no earlier value to go back to is on record, so as the guide says'
  return original === null
    ? 'it was never set before; this is the explicit value that comes nearest'
    : `it was ${shown(original)} before the first change`
}

const shown = (behavior: ShownBehavior): string => behavior ?? 'never set'

/** All MFA policies of staged rollout off, groups kept; undefined where the cloud has no staged rollout. */
export function rolloutStep(
  policies: readonly RolloutPolicy[] | undefined,
  records: StepRecords,
): RolloutStep {
  const base = {id: 'rollout', kind: 'rollout', title: 'Turn staged rollout of MFA off'} as const
  const known = records.get(base.id)
  if (known?.state === 'skipped') return {...base, policies: [], ...known}
  if (policies === undefined)
    return {...base, policies: [], state: 'not-needed', detail: 'this cloud has no staged rollout'}
  const enabled = policies.filter(({isEnabled}) => isEnabled)
  if (enabled.length > 0) {
    const names = enabled.map(({displayName}) => `"${displayName}"`).join(', ')
    return {...base, policies: enabled, state: 'open', detail: `on: ${names}; groups stay in it`}
  }
  return policies.length === 0
    ? {...base, policies: [], state: 'not-needed', detail: 'the tenant has no such policy'}
    : {...base, policies: [], state: 'done', detail: 'it is off'}
}

/** `waitsUntil`: Entra may ask for MFA itself until then, and the methods are what users answer with. */
export function undoStep(
  run: string,
  isUndone: boolean,
  waitsUntil: string | undefined,
  records: StepRecords,
): UndoStep {
  const id = `undo:${run}`
  const base = {id, kind: 'undo', run, title: `Undo the method changes of run ${run}`} as const
  const known = records.get(id)
  if (known?.state === 'skipped') return {...base, ...known}
  if (isUndone) return {...base, state: 'done', detail: 'an undo of it is on record'}
  if (waitsUntil === undefined) return {...base, state: 'open'}
  return {
    ...base,
    state: 'open',
    detail: `waits until ${waitsUntil}: Entra may ask for MFA itself until then`,
  }
}

/** Whether `--step` or `--skip` means this step: its id, or the kind for all of a kind. */
export const isNamed = ({id, kind}: Pick<Step, 'id' | 'kind'>, name: string): boolean =>
  id.toLowerCase() === name.toLowerCase() || kind === name.toLowerCase()

export const isOver = ({state}: Step): boolean => state !== 'open'

function recorded(id: string, records: StepRecords): Pick<Step, 'state' | 'detail'> {
  return records.get(id) ?? {state: 'open'}
}

const quoted = (text: string): string => (/^[\w./:@=+\\-]+$/.test(text) ? text : `"${text}"`)
