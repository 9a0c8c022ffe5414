import type {ChangeHandling} from '../changes/tenant-change.js'
import {inTenantRun, type TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RegisteredKey, SignedInApp} from '../ports/app-registration.js'
import type {CertificateFacts, OwnCertificate} from '../ports/certificates.js'
import {applySteps, readIfThere, type Progress} from './apply-steps.js'
import type {CertificateRequest, RegistrationDeps} from './configure-request.js'
import {locate, noApplication, type Which} from './locate.js'
import {expired, prove} from './prove.js'
import {roleTooLow} from './refused.js'
import {keyIdOf, retired, type Retired} from './retired.js'
import {changeOf, says, short, type Step} from './steps.js'

/** Who changes the list of certificates: whoever may change applications, or the application itself, which needs no permission. */
export type By =
  {readonly kind: 'graph'} | {readonly kind: 'itself'; readonly appId: string; readonly objectId: string}

export interface RotateRequest {
  readonly command: string
  readonly which: Which
  readonly by: By
  /** The certificate in use. */
  readonly certificate: CertificateRequest
  /** How long the old certificate stays registered beside the new one. */
  readonly keepOldMs: number
  /** Leave a certificate alone that is good for longer. */
  readonly withinMs?: number | undefined
  readonly yes: boolean
  readonly consistencyMs: number
  readonly logFile?: string | undefined
  readonly preview: (says: readonly string[]) => Promise<void>
}

export interface RotateReport {
  readonly did: 'rotated' | 'removed-old' | 'nothing'
  readonly file: string
  readonly now: CertificateFacts
  /** Thumbprint (SHA-256) of the certificate that was replaced. */
  readonly old?: string | undefined
  /** When the same command takes the old one away. */
  readonly oldUntil?: Date | undefined
  /** The old one could not be taken away, and why. */
  readonly oldStays?: string | undefined
  readonly run?: string | undefined
}

/**
 * A new certificate beside the old one; proven by a sign-in before it takes the old one's place; then the old one goes,
 * at once or when `keepOldMs` are over and the same command runs again. Killed anywhere, the same command goes on.
 */
export async function rotate(
  request: RotateRequest,
  deps: RegistrationDeps,
  signal: AbortSignal,
): Promise<RotateReport> {
  const {tenantId, journal, clock} = deps
  const start = {
    kind: 'app' as const,
    tenantId,
    command: request.command,
    options: {certificate: request.certificate.file},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  return inTenantRun(start, {journal, clock}, signal, (run) => rotating(request, deps, run))
}

async function rotating(
  request: RotateRequest,
  deps: RegistrationDeps,
  run: TenantRun,
): Promise<RotateReport> {
  const {certificates, clock, journal, tenantId, ui} = deps
  const {file, password} = request.certificate
  const current = await certificates.read(file, password)
  const now = clock.now()
  const waiting = await retired(journal, tenantId, current.facts.thumbprintSha256)
  if (waiting !== undefined) return endOld(request, deps, run, current, waiting)
  const left = current.facts.notAfter.getTime() - now.getTime()
  if (request.withinMs !== undefined && left > request.withinMs)
    return {did: 'nothing', file, now: current.facts}

  const pendingFile = nextFile(file)
  const pending = await readIfThere(certificates, pendingFile, password)
  if (pending !== undefined && pending.facts.notAfter < now)
    throw expired(pending.facts.notAfter, pendingFile)
  const known = await applicationOf(request, deps, run.signal)
  const make: readonly Step[] =
    pending === undefined
      ? [
          {
            kind: 'make-certificate',
            file: pendingFile,
            commonName: request.certificate.commonName,
            days: request.certificate.days,
          },
        ]
      : []
  const add: Step = {kind: 'add-key', file: pendingFile, certificate: pending?.facts}
  await request.preview([
    ...[...make, add].map(says),
    'sign in with the new certificate',
    `put it in the place of the old one: ${file}`,
    request.keepOldMs === 0
      ? 'remove the old certificate from the application'
      : 'leave the old certificate registered for now; the same command removes it later',
  ])
  if (!request.yes && !(await ui.confirm('Do this?', '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})

  const at = await applySteps(run, make, {known, certificate: pending?.facts}, {...deps, password})
  const own = await certificates.read(pendingFile, password)
  // Who signs the proof is the old certificate, so an expired one is said here.
  if (request.by.kind === 'itself' && current.facts.notAfter < now)
    throw expired(current.facts.notAfter, file)
  await addKey(
    run,
    request,
    deps,
    {...at, certificate: own.facts},
    {current, own, waited: pending !== undefined},
  )
  const identity = {tenantId, appId: known.appId ?? '', certificate: own}
  await prove(identity, [], request.consistencyMs, deps, run.signal)
  const replaced = current.facts.thumbprintSha256
  const {thumbprintSha256} = own.facts
  const takeOver: Step = {
    kind: 'take-over-certificate',
    from: pendingFile,
    to: file,
    thumbprint: thumbprintSha256,
    replaces: {
      thumbprintSha256: replaced,
      thumbprintSha1: current.facts.thumbprintSha1,
      subject: current.facts.subject,
    },
  }
  await applySteps(run, [takeOver], at, {...deps, password})
  const over = {did: 'rotated' as const, file, now: own.facts, old: replaced, run: run.id()}
  if (request.keepOldMs > 0) return {...over, oldUntil: new Date(now.getTime() + request.keepOldMs)}
  const old = {...takeOver.replaces, at: now}
  const stays = await removeOld(run, request, deps, known, own, old)
  return {...over, oldStays: stays}
}

async function endOld(
  request: RotateRequest,
  deps: RegistrationDeps,
  run: TenantRun,
  current: OwnCertificate,
  old: Retired,
): Promise<RotateReport> {
  const {clock, ui} = deps
  const {file} = request.certificate
  const until = new Date(old.at.getTime() + request.keepOldMs)
  const base = {file, now: current.facts, old: old.thumbprintSha256}
  if (until > clock.now()) return {...base, did: 'nothing', oldUntil: until}
  await request.preview([`remove the old certificate ${short(old.thumbprintSha256)} from the application`])
  if (!request.yes && !(await ui.confirm('Do this?', '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  const known = await applicationOf(request, deps, run.signal)
  const stays = await removeOld(run, request, deps, known, current, old)
  return {...base, did: stays === undefined ? 'removed-old' : 'nothing', oldStays: stays, run: run.id()}
}

async function applicationOf(
  {by, which}: RotateRequest,
  deps: RegistrationDeps,
  signal: AbortSignal,
): Promise<Progress['known']> {
  const {displayName} = which
  if (by.kind === 'itself') return {displayName, graphId: '', objectId: by.objectId, appId: by.appId}
  const found = await locate(which, deps.tenantId, deps, signal)
  if (found === undefined) throw noApplication(displayName, deps.tenantId)
  return {displayName: found.displayName, graphId: '', objectId: found.objectId, appId: found.appId}
}

/** By whoever may change applications, or by the application itself with the old certificate as proof. */
async function addKey(
  run: TenantRun,
  request: RotateRequest,
  deps: RegistrationDeps,
  at: Progress,
  {
    current,
    own,
    waited,
  }: {
    readonly current: OwnCertificate
    readonly own: OwnCertificate
    /** It was there before this command. */
    readonly waited: boolean
  },
): Promise<void> {
  const step: Step = {kind: 'add-key', file: nextFile(request.certificate.file), certificate: own.facts}
  if (request.by.kind === 'graph') {
    await applySteps(run, [step], at, deps).catch((error: unknown) => {
      throw roleTooLow(error, deps.caller)
    })
    return
  }
  const {appId, objectId} = request.by
  const {tenantId} = deps
  // It may not read itself, but it can tell whether the new certificate lets it in.
  const shows = (signal: AbortSignal) =>
    letsIn(() => deps.signIn.signIn({tenantId, appId, certificate: own}, signal))
  // A run that was cut off may have registered it.
  if (waited && (await shows(run.signal)) !== undefined) return
  const app = await deps.signIn.signIn({tenantId, appId, certificate: current}, run.signal)
  const handling: ChangeHandling = {send: (signal) => app.rollKey(objectId, own.facts, signal), shows}
  await run.mustApply(changeOf(step, at.known), handling)
}

async function letsIn(signIn: () => Promise<SignedInApp>) {
  try {
    await signIn()
    return {}
  } catch (error) {
    if (error instanceof MfaError && error.code === 'CERTIFICATE_NOT_REGISTERED') return undefined
    throw error
  }
}

/** What keeps it, if something does. */
async function removeOld(
  run: TenantRun,
  request: RotateRequest,
  deps: RegistrationDeps,
  known: Progress['known'],
  current: OwnCertificate,
  old: Retired,
): Promise<string | undefined> {
  if (request.by.kind === 'graph') {
    const shown = await deps.registrations.byObjectId(known.objectId ?? '', run.signal)
    const keyId = await keyIdOf(deps.journal, deps.tenantId, old.thumbprintSha256)
    const key = shown && (keyOf(shown.keys, old) ?? shown.keys.find((each) => each.keyId === keyId))
    if (key === undefined) return undefined
    // On record with the thumbprints, also where the service does not show them.
    const {thumbprintSha1, thumbprintSha256} = old
    const named = {...key, thumbprintSha1, thumbprintSha256}
    await applySteps(run, [{kind: 'remove-key', key: named}], {known}, deps)
    return undefined
  }
  const keyId = await keyIdOf(deps.journal, deps.tenantId, old.thumbprintSha256)
  if (keyId === undefined)
    return 'the application may not read its own list, and this machine did not register the old certificate; remove it as a person: mfa app certificate remove'
  const {appId, objectId} = request.by
  const app = await deps.signIn.signIn({tenantId: deps.tenantId, appId, certificate: current}, run.signal)
  const key: RegisteredKey = {keyId, name: old.subject, ...old}
  let done = false
  await run.mustApply(changeOf({kind: 'remove-key', key}, known), {
    async send(signal) {
      const sent = await app.dropKey(objectId, keyId, signal)
      // Gone already: somebody else removed it, or the answer to an earlier request was lost.
      const gone =
        sent.outcome.status === 'failed' &&
        /not found|does not exist|No credentials/i.test(sent.outcome.message)
      done = gone || sent.outcome.status === 'done' || sent.outcome.status === 'already-done'
      return gone ? {outcome: {status: 'already-done'}} : sent
    },
    shows: async () => (done ? {} : undefined),
  })
  return undefined
}

function keyOf(
  keys: readonly RegisteredKey[],
  old: Omit<Retired, 'at' | 'subject'>,
): RegisteredKey | undefined {
  return keys.find(
    ({thumbprintSha1, thumbprintSha256}) =>
      thumbprintSha256 === old.thumbprintSha256 || thumbprintSha1 === old.thumbprintSha1,
  )
}

/** `client.pem` → `client.new.pem`: where the next certificate waits until it is proven. */
export function nextFile(file: string): string {
  const dot = /\.\w+$/.exec(file)?.index ?? file.length
  return `${file.slice(0, dot)}.new${file.slice(dot)}`
}
