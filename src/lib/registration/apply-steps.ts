import type {ChangeHandling, SentChange} from '../changes/tenant-change.js'
import type {TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Secret} from '../model/secret.js'
import type {AppRegistrations, ConfigStore, Sent} from '../ports/app-registration.js'
import type {CertificateFacts, Certificates, OwnCertificate} from '../ports/certificates.js'
import type {Files} from '../ports/files.js'
import {registeredKey} from './plan.js'
import {changeOf, type Known, type Step} from './steps.js'

export interface StepDeps {
  readonly registrations: AppRegistrations
  readonly certificates: Certificates
  readonly config: ConfigStore
  readonly files: Files
  /** Of the certificate's file. */
  readonly password?: Secret | undefined
}

/** What the steps so far made known. */
export interface Progress {
  readonly known: Known
  /** Made or read by these steps. */
  readonly certificate?: CertificateFacts | undefined
}

/** One step after the other, each journalled; ids that one makes are used by the next. Throws as `TenantRun.mustApply`. */
export async function applySteps(
  run: TenantRun,
  steps: readonly Step[],
  start: Progress,
  deps: StepDeps,
): Promise<Progress> {
  let progress = start
  for (const step of steps) progress = await applyStep(run, step, progress, deps)
  return progress
}

async function applyStep(run: TenantRun, step: Step, at: Progress, deps: StepDeps): Promise<Progress> {
  const ready: Step =
    step.kind === 'add-key' && step.certificate === undefined ? {...step, certificate: at.certificate} : step
  let made: OwnCertificate | undefined
  const handling = handlingOf(ready, at.known, deps, (certificate) => (made = certificate))
  const applied = await run.apply(changeOf(ready, at.known), handling)
  const {outcome} = applied
  if (outcome.status === 'failed' && outcome.code === 'Directory_QuotaExceeded')
    throw quotaExceeded(ready, outcome)
  if (outcome.status === 'failed' || outcome.status === 'unknown')
    throw changeFailed(changeOf(ready, at.known).says, outcome)
  if (ready.kind === 'make-certificate')
    return {...at, certificate: (made ?? (await deps.certificates.read(ready.file, deps.password))).facts}
  return {...at, known: {...at.known, ...applied.made}}
}

/** How each kind of step is sent, and recognised in what the tenant shows. */
function handlingOf(
  step: Step,
  known: Known,
  deps: StepDeps,
  keep: (made: OwnCertificate) => void,
): ChangeHandling {
  const {registrations, certificates, config, files, password} = deps
  const need = (value: string | undefined): string => {
    if (value === undefined) throw new Error(`${step.kind} before what it builds on`)
    return value
  }
  const application = (signal: AbortSignal) => registrations.byObjectId(need(known.objectId), signal)
  const grants = (signal: AbortSignal) => registrations.grants(need(known.principalId), known.graphId, signal)
  const yes = (is: boolean | undefined, made: Readonly<Record<string, string>> = {}) =>
    is === true ? {made} : undefined
  const locally = async (work: () => Promise<void>): Promise<Sent> => {
    await work()
    return {outcome: {status: 'done'}}
  }

  switch (step.kind) {
    case 'create-application':
      return {
        send: (signal) =>
          registrations.createApplication({displayName: step.displayName, ...step.set}, signal),
        async shows(signal) {
          const found = await registrations.byName(step.displayName, signal)
          const newest = found
            .filter(({objectId}) => step.others?.includes(objectId) !== true)
            .toSorted((one, other) => ((one.createdAt ?? '') < (other.createdAt ?? '') ? 1 : -1))[0]
          return newest && {made: {objectId: newest.objectId, appId: newest.appId}}
        },
      }
    case 'change-application':
      return {
        send: (signal) => registrations.changeApplication(need(known.objectId), step.after, signal),
        async shows(signal) {
          const shown = await application(signal)
          const {asksFor, isPublicClient, replyAddresses} = step.after
          const ids = new Set(asksFor?.map(({id}) => id))
          return yes(
            shown !== undefined &&
              (asksFor === undefined ||
                (shown.asksFor.length === ids.size && shown.asksFor.every(({id}) => ids.has(id)))) &&
              (isPublicClient === undefined || shown.isPublicClient === isPublicClient) &&
              (replyAddresses === undefined || sameSet(shown.replyAddresses, replyAddresses)),
          )
        },
      }
    case 'delete-application':
      return {
        send: (signal) => registrations.deleteApplication(need(known.objectId), signal),
        shows: async (signal) => yes((await application(signal)) === undefined),
      }
    case 'delete-principal':
      return {
        send: (signal) => registrations.deletePrincipal(need(known.principalId), signal),
        shows: async (signal) =>
          yes((await registrations.principal(need(known.appId), signal)) === undefined),
      }
    case 'create-principal':
      return {
        send: (signal) => registrations.createPrincipal(need(known.appId), signal),
        async shows(signal) {
          const found = await registrations.principal(need(known.appId), signal)
          return found && {made: {principalId: found.id}}
        },
      }
    case 'make-certificate':
      return {
        send: () =>
          locally(async () => {
            const own = await certificates.make({commonName: step.commonName, days: step.days})
            await certificates.keep(step.file, own, password)
            keep(own)
          }),
        shows: async () => yes((await readIfThere(certificates, step.file, password)) !== undefined),
      }
    case 'add-key': {
      const facts = step.certificate
      if (facts === undefined) throw new Error('no certificate to add')
      return {
        send: (signal) => registrations.addKey(need(known.objectId), facts, signal),
        async shows(signal) {
          const shown = await application(signal)
          const key = shown && registeredKey(shown, facts)
          return key && {made: {keyId: key.keyId}}
        },
      }
    }
    case 'remove-key':
      return {
        send: (signal) => registrations.removeKey(need(known.objectId), step.key.keyId, signal),
        async shows(signal) {
          const shown = await application(signal)
          return yes(shown !== undefined && !shown.keys.some(({keyId}) => keyId === step.key.keyId))
        },
      }
    case 'grant-role':
      return {
        send: (signal) =>
          registrations.grantRole(
            {principalId: need(known.principalId), graphId: known.graphId, roleId: step.roleId},
            signal,
          ),
        async shows(signal) {
          const found = (await grants(signal)).roles.find(({roleId}) => roleId === step.roleId)
          return found && {made: {assignmentId: found.id}}
        },
      }
    case 'revoke-role':
      return {
        send: (signal) => registrations.revokeRole(need(known.principalId), step.assignmentId, signal),
        shows: async (signal) => yes(!(await grants(signal)).roles.some(({id}) => id === step.assignmentId)),
      }
    case 'grant-scopes':
      return {
        send: (signal) =>
          registrations.grantScopes(
            {
              principalId: need(known.principalId),
              graphId: known.graphId,
              grantId: step.grantId,
              scopes: step.after,
            },
            signal,
          ),
        async shows(signal) {
          const {scopes} = await grants(signal)
          return yes(
            sameSet(
              scopes.flatMap(({names}) => names),
              step.after,
            ),
          )
        },
      }
    case 'write-config':
      return {
        send: () => locally(() => config.write(step.after)),
        async shows() {
          const shown = await config.read()
          return yes(
            Object.entries(step.after).every(
              ([key, value]) => JSON.stringify(shown[key] ?? null) === JSON.stringify(value),
            ),
          )
        },
      }
    case 'take-over-certificate':
      return {
        send: () => locally(() => files.move(step.from, step.to)),
        async shows() {
          const there = await readIfThere(certificates, step.to, password)
          return yes(there?.facts.thumbprintSha256 === step.thumbprint)
        },
      }
    case 'remove-file':
      return {
        send: () => locally(() => files.remove([step.file])),
        shows: async () => yes((await readIfThere(certificates, step.file, password)) === undefined),
      }
    default:
      return step satisfies never
  }
}

/** Undefined where there is no such file. */
export async function readIfThere(
  certificates: Certificates,
  file: string,
  password: Secret | undefined,
): Promise<OwnCertificate | undefined> {
  try {
    return await certificates.read(file, password)
  } catch (error) {
    if (error instanceof MfaError && error.code === 'CERTIFICATE_MISSING') return undefined
    throw error
  }
}

const sameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((each) => others.includes(each))

type Bad = Extract<SentChange['outcome'], {status: 'failed' | 'unknown'}>

function quotaExceeded(step: Step, outcome: Bad): MfaError {
  const what =
    step.kind === 'add-key'
      ? 'the application holds as many certificates and secrets as Microsoft Entra allows'
      : 'a limit of the directory is reached'
  return new MfaError('DIRECTORY_QUOTA', `${what}: ${outcome.message}`, {
    exit: 'refused',
    fix:
      step.kind === 'add-key'
        ? 'Remove certificates that nobody uses: mfa app certificate list, then mfa app certificate remove.'
        : 'Delete applications that nobody uses, also those under "Deleted applications"; then run the same command again.',
    requestId: 'requestId' in outcome ? outcome.requestId : undefined,
  })
}

function changeFailed(what: string, outcome: Bad): MfaError {
  const doubt = outcome.status === 'unknown'
  return new MfaError(
    doubt ? 'CHANGE_IN_DOUBT' : 'CHANGE_REFUSED',
    `${doubt ? 'it is not known whether this happened' : 'Microsoft Entra refused this'}: ${what}: ${outcome.message}`,
    {
      exit: 'partial',
      fix: doubt
        ? 'Run the same command again: it looks first and goes on.'
        : 'What was done before it is on record (mfa runs show last); the same command goes on from there.',
      requestId: 'requestId' in outcome ? outcome.requestId : undefined,
    },
  )
}
