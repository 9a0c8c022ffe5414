import {duration} from './lib/config/pace-settings.js'
import {createAuditLog} from './lib/entra/audit-log.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {actorFilter, GUID, INCUMBENT, type OurActor, REGISTRATION_SERVICE} from './lib/audit/actors.js'
import type {KqlRequest} from './lib/audit/kql.js'
import type {ListDeps} from './lib/audit/list.js'
import type {ObjectId} from './lib/model/brand.js'
import {isoInstant} from './lib/model/iso-date.js'
import type {ActorFilter, AuditQuery} from './lib/ports/audit-log.js'
import type {RunRecord} from './lib/ports/journal.js'
import {findRun} from './lib/report/runs-report.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** What `mfa audit` works with, and who the tool itself is in the log. */
export async function auditDeps(
  wired: Wiring,
  signal: AbortSignal,
): Promise<ListDeps & {readonly ours: OurActor}> {
  const {graph} = await wired.tenant()
  const {ui} = wired
  return {log: createAuditLog(graph), scratch: await wired.scratch(), ui, ours: await ourActor(wired, signal)}
}

/** From the token of the sign-in, else from the settings; the sandbox has a name for an application whose token names none. */
async function ourActor(wired: Wiring, signal: AbortSignal): Promise<OurActor> {
  const claims = await (await wired.tenant()).claims(signal)
  if (claims?.isApplication === false) return {userPrincipalName: claims.account}
  if (claims === undefined || claims.clientId !== undefined)
    return {appId: claims?.clientId ?? wired.settings.clientId?.value}
  const {NAMELESS_APP} = await import('./lib/sandbox/audit-trail.js')
  return {appName: NAMELESS_APP}
}

/** `--since`, `--until`, `--actor`, `--user`. Throws MfaError `usage` for what cannot be read, and for a user who is not there. */
export async function auditQuery(
  flags: Flags,
  wired: Wiring,
  ours: OurActor,
  signal: AbortSignal,
): Promise<AuditQuery & {readonly from: Date}> {
  const from = momentOf('since', textOf(flags['since']) ?? SINCE, wired.clock.now())
  const until = textOf(flags['until'])
  const to = until === undefined ? undefined : momentOf('until', until, wired.clock.now())
  if (to !== undefined && to <= from) throw badTime('--until is not later than --since', 'Give a later time.')
  const name = textOf(flags['user'])
  const actor = textOf(flags['actor'])
  return {
    from,
    to,
    actor: actor === undefined ? undefined : mustKnowActor(actor, ours),
    target: name === undefined ? undefined : await targetOf(name, wired, signal),
  }
}

/** Throws MfaError `usage` where `app` was said and nobody knows which that is. */
export function mustKnowActor(text: string, ours: OurActor): ActorFilter {
  const filter = actorFilter(text, ours)
  if (filter !== undefined) return filter
  throw new MfaError('ACTOR_UNKNOWN', '--actor app: the sign-in does not say which application it is', {
    exit: 'usage',
    fix: 'Set MFA_CLIENT_ID, or give --actor the app id or the display name.',
  })
}

/** Milliseconds back, or a moment. Throws MfaError `usage`. */
export function sinceOf(value: unknown): number | Date {
  const text = textOf(value) ?? SINCE
  const parsed = duration(text)
  return 'value' in parsed ? parsed.value : instant('since', text)
}

const SINCE = '7d'

/** So long ago, or a moment. Throws MfaError `usage`. */
function momentOf(flag: string, text: string, now: Date): Date {
  const parsed = duration(text)
  return 'value' in parsed ? new Date(now.getTime() - parsed.value) : instant(flag, text)
}

/** `--beyond 24h`, in milliseconds. Throws MfaError `usage`. */
export function beyondMs(value: string | undefined): number {
  if (value === undefined) return 0
  const parsed = duration(value)
  if ('problem' in parsed) throw badTime(`--beyond: ${parsed.problem}`, parsed.fix)
  return parsed.value
}

function instant(flag: string, text: string): Date {
  const ms = isoInstant(text)
  if (ms === undefined)
    throw badTime(
      `--${flag}: "${text.slice(0, 80)}" is neither a length of time nor a date`,
      'Write it like 7d, 12h or 2026-11-26T08:00:00Z.',
    )
  return new Date(ms)
}

const badTime = (message: string, fix: string): MfaError =>
  new MfaError('BAD_TIME', message, {exit: 'usage', fix})

/** The log outlives its users: whoever was deleted is found by the object id. Throws MfaError `usage` for a name that nobody has. */
async function targetOf(name: string, wired: Wiring, signal: AbortSignal): Promise<ObjectId> {
  const found = await (await wired.directory()).findUser(name, signal)
  if (found !== undefined) return found.id
  if (GUID.test(name)) {
    wired.ui.emit({
      type: 'warning',
      text: `the tenant has no user ${name} now; the log may still tell of one`,
    })
    return name.toLowerCase() as ObjectId
  }
  throw new MfaError('USER_NOT_FOUND', `the tenant has no user ${name}`, {
    exit: 'usage',
    fix: 'Give the user principal name, or the object id; of a user who was deleted only the object id.',
  })
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** What `mfa audit query` asks for; Graph is asked only who `app` is, and not even that where the settings say it. */
export async function kqlRequest(flags: Flags, wired: Wiring, signal: AbortSignal): Promise<KqlRequest> {
  const actor = textOf(flags['actor'])
  const wantsOurs = actor === undefined || actor.toLowerCase() === 'app'
  const ours = wantsOurs ? await knownActor(wired, signal) : {}
  const known = actorFilter('app', ours)
  const all = [...(known === undefined ? [] : [known]), {appName: INCUMBENT}, {appName: REGISTRATION_SERVICE}]
  return {
    actors: actor === undefined ? all : [mustKnowActor(actor, ours)],
    since: sinceOf(flags['since']),
    userPrincipalName: textOf(flags['user']),
  }
}

async function knownActor(wired: Wiring, signal: AbortSignal): Promise<OurActor> {
  const {clientId, accessToken, clientCertificate, clientCertificatePath, federatedTokenFile} = wired.settings
  const isApp = clientCertificate ?? clientCertificatePath ?? federatedTokenFile
  if (clientId !== undefined && accessToken === undefined && isApp !== undefined)
    return {appId: clientId.value}
  return ourActor(wired, signal)
}

/** The run by its name. Throws MfaError `usage` for a run of another tenant: its users are not in this log. */
export async function runOfUsers(name: string, wired: Wiring, signal: AbortSignal): Promise<RunRecord> {
  const run = await findRun(name, await wired.journal())
  const tenantId = await (await wired.directory()).tenantId(signal)
  if (run.tenantId === tenantId) return run
  throw new MfaError('OTHER_TENANT', `run ${run.id} was in tenant ${run.tenantId}, and ${tenantId} answers`, {
    exit: 'usage',
    fix: `Give --tenant ${run.tenantId}.`,
  })
}
