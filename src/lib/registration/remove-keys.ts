import {inTenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RegisteredKey} from '../ports/app-registration.js'
import {applySteps} from './apply-steps.js'
import type {RegistrationDeps} from './configure-request.js'
import {locate, noApplication, type Which} from './locate.js'
import {roleTooLow} from './refused.js'
import {keyName, says, type Step} from './steps.js'

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
