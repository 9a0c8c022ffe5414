import {happened, pastChanges} from '../changes/past-changes.js'
import type {ChangeHandling} from '../changes/tenant-change.js'
import {inTenantRun, type TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RegisteredKey, SignedInApp} from '../ports/app-registration.js'
import type {CertificateFacts, OwnCertificate} from '../ports/certificates.js'
import type {Journal} from '../ports/journal.js'
import {applySteps, readIfThere, type Progress} from './apply-steps.js'
import type {CertificateRequest, RegistrationDeps} from './configure.js'
import {locate, noApplication, type Which} from './locate.js'
import {expired, prove} from './prove.js'
import {roleTooLow} from './refused.js'
import {changeOf, keyName, says, short, type Step} from './steps.js'

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

interface Retired {
  readonly thumbprintSha256: string
  readonly thumbprintSha1: string
  readonly subject: string
  /** When it was replaced. */
  readonly at: Date
}

/** The certificate that the one in use replaced, and that is still to be removed. */
async function retired(journal: Journal, tenantId: string, current: string): Promise<Retired | undefined> {
  let found: Retired | undefined
  for await (const past of pastChanges(journal, tenantId, ['app'])) {
    const {kind, before, after} = past.change
    // That it is the one in use proves that it happened, even where a kill kept that off the record.
    if (kind === 'take-over-certificate') {
      const by = (after as {readonly thumbprintSha256?: string} | null)?.thumbprintSha256
      if (by === current) found = {...(before as Omit<Retired, 'at'>), at: new Date(past.at)}
    }
    if (kind === 'remove-key' && found !== undefined && happened(past)) {
      const gone = before as Pick<RegisteredKey, 'thumbprintSha1'> | null
      if (gone?.thumbprintSha1 === found.thumbprintSha1) found = undefined
    }
  }
  return found
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
    const key = shown && keyOf(shown.keys, old)
    if (key !== undefined) await applySteps(run, [{kind: 'remove-key', key}], {known}, deps)
    return undefined
  }
  const keyId = await keyIdOf(deps.journal, deps.tenantId, old.thumbprintSha256)
  if (keyId === undefined)
    return 'the application may not read its own list, and this machine did not register the old certificate; remove it as a person: mfa app certificate remove --as person'
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

/** Graph's id of a certificate that runs of ours registered. */
async function keyIdOf(journal: Journal, tenantId: string, thumbprint: string): Promise<string | undefined> {
  let keyId: string | undefined
  for await (const {change, made} of pastChanges(journal, tenantId, ['app'])) {
    const facts = change.after as {readonly thumbprintSha256?: string} | null
    if (change.kind === 'add-key' && facts?.thumbprintSha256 === thumbprint) keyId = made?.['keyId'] ?? keyId
  }
  return keyId
}

/** `client.pem` → `client.new.pem`: where the next certificate waits until it is proven. */
export function nextFile(file: string): string {
  const dot = /\.\w+$/.exec(file)?.index ?? file.length
  return `${file.slice(0, dot)}.new${file.slice(dot)}`
}

export interface RemoveKeysRequest {
  readonly command: string
  readonly which: Which
  /** Thumbprints or key ids, or their first characters. */
  readonly named: readonly string[]
  /** All that have expired. */
  readonly expired: boolean
  /** Also the last one that still works. */
  readonly force: boolean
  readonly yes: boolean
  /** SHA-256 of the one that this machine uses. */
  readonly own?: string | undefined
  readonly consistencyMs: number
  readonly logFile?: string | undefined
  readonly preview: (says: readonly string[]) => Promise<void>
}

/** Throws MfaError `refused` where no certificate that works would be left, `usage` for names that fit none or several. */
export async function removeKeys(
  request: RemoveKeysRequest,
  deps: RegistrationDeps,
  signal: AbortSignal,
): Promise<readonly RegisteredKey[]> {
  const {tenantId, journal, clock, ui} = deps
  const options = {named: request.named, expired: request.expired}
  const start = {
    kind: 'app' as const,
    tenantId,
    command: request.command,
    options,
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  return inTenantRun(start, {journal, clock}, signal, async (run) => {
    const found = await locate(request.which, tenantId, deps, run.signal)
    if (found === undefined) throw noApplication(request.which.displayName, tenantId)
    const now = clock.now()
    const gone = new Set([
      ...request.named.map((name) => theOne(found.keys, name)),
      ...(request.expired ? found.keys.filter((key) => !isGood(key, now)) : []),
    ])
    const keys = [...gone]
    if (keys.length === 0) return []
    const left = found.keys.filter((key) => !gone.has(key) && isGood(key, now))
    if (left.length === 0 && keys.some((key) => isGood(key, now)) && !request.force)
      throw new MfaError(
        'LAST_CERTIFICATE',
        'no certificate that works would be left: nothing could sign in as the application.',
        {
          exit: 'refused',
          fix: 'Register another first (mfa app certificate add, or rotate); or accept it: --force.',
        },
      )
    const steps = keys.map((key): Step => ({kind: 'remove-key', key}))
    const mine = keys.some(
      (key) => key.thumbprintSha256 !== undefined && key.thumbprintSha256 === request.own,
    )
    await request.preview([...steps.map(says), ...(mine ? ['this machine can then no longer sign in'] : [])])
    if (!request.yes && !(await ui.confirm('Do this?', '--yes')))
      throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
    const known = {displayName: found.displayName, graphId: '', objectId: found.objectId, appId: found.appId}
    await applySteps(run, steps, {known}, deps).catch((error: unknown) => {
      throw roleTooLow(error, deps.caller)
    })
    return keys
  })
}

export const isGood = ({notBefore, notAfter}: RegisteredKey, now: Date): boolean =>
  (notAfter === undefined || new Date(notAfter) > now) &&
  (notBefore === undefined || new Date(notBefore) <= now)

function theOne(keys: readonly RegisteredKey[], name: string): RegisteredKey {
  const wanted = name.replaceAll(':', '').toLowerCase()
  const fits = keys.filter(({keyId, thumbprintSha1 = '', thumbprintSha256 = ''}) =>
    [keyId, thumbprintSha1, thumbprintSha256].some(
      (id) => wanted !== '' && id.toLowerCase().startsWith(wanted),
    ),
  )
  const [only] = fits
  if (only !== undefined && fits.length === 1) return only
  throw new MfaError(
    'CERTIFICATE_NOT_FOUND',
    fits.length === 0
      ? `the application has no certificate "${name.slice(0, 80)}"`
      : `several certificates begin with "${name}": ${fits.map(keyName).join(', ')}`,
    {exit: 'usage', fix: 'See mfa app certificate list; give more characters of the thumbprint.'},
  )
}
