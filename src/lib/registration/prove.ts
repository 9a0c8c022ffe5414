import {MfaError} from '../errors/mfa-error.js'
import type {AppIdentity, AppRegistrations, AppSignIn, SignedInApp} from '../ports/app-registration.js'
import type {Clock} from '../ports/clock.js'
import type {Ui} from '../ports/ui.js'

export type Tried = 'works' | 'refused' | 'untried'

export interface Proof {
  readonly app: SignedInApp
  /** What one harmless call with each permission gave. */
  readonly tried: ReadonlyMap<string, Tried>
}

export interface ProofDeps {
  readonly signIn: AppSignIn
  readonly registrations: Pick<AppRegistrations, 'clockAheadMs'>
  readonly clock: Clock
  readonly ui: Ui
}

/** Entra may not know yet what was made moments ago. */
const PASSING: ReadonlySet<string> = new Set([
  'CERTIFICATE_NOT_REGISTERED',
  'APP_NOT_FOUND',
  'APP_WITHOUT_PRINCIPAL',
])
const AGAIN_AFTER_MS = 3000
const LEEWAY_MS = 60_000
const PHASE = 'proving the sign-in'

/**
 * Signs in with the certificate and makes one harmless call for each permission. What is refused is tried again, with a
 * new token, until `settleMs` are over. Throws what the sign-in throws.
 */
export async function prove(
  identity: AppIdentity,
  permissions: readonly string[],
  settleMs: number,
  deps: ProofDeps,
  signal: AbortSignal,
): Promise<Proof> {
  const {clock, ui} = deps
  const until = clock.monotonic() + settleMs
  const mayWait = () => clock.monotonic() + AGAIN_AFTER_MS <= until
  const tried = new Map<string, Tried>()
  try {
    for (;;) {
      ui.emit({type: 'progress', phase: PHASE, done: tried.size, total: permissions.length})
      const app = await signInOnce(identity, mayWait(), deps, signal)
      if (app !== undefined) {
        for (const permission of permissions)
          if (tried.get(permission) === undefined || tried.get(permission) === 'refused')
            tried.set(permission, await tryOut(app, permission, signal))
        const refused = [...tried.values()].includes('refused')
        if (!refused || !mayWait()) return {app, tried}
      }
      await clock.sleep(AGAIN_AFTER_MS, signal)
    }
  } finally {
    ui.emit({type: 'phase-end', phase: PHASE})
  }
}

/** A token that lacks the permission need not be tried: it was issued before the grant was known. */
async function tryOut(app: SignedInApp, permission: string, signal: AbortSignal): Promise<Tried> {
  if (app.permissions !== undefined && !app.permissions.includes(permission)) return 'refused'
  return app.tryOut(permission, signal)
}

/** Undefined: not yet, and it is worth waiting. */
async function signInOnce(
  identity: AppIdentity,
  mayWait: boolean,
  {signIn, registrations, clock}: ProofDeps,
  signal: AbortSignal,
): Promise<SignedInApp | undefined> {
  checkDates(identity, clock.now())
  try {
    return await signIn.signIn(identity, signal)
  } catch (error) {
    if (!(error instanceof MfaError)) throw error
    if (PASSING.has(error.code) && mayWait) return undefined
    const ahead = registrations.clockAheadMs()
    // A certificate made by a clock that is ahead is not valid yet for the service.
    const isClock =
      error.code === 'CLOCK_WRONG' || (error.code === 'CERTIFICATE_EXPIRED' && Math.abs(ahead) > LEEWAY_MS)
    throw isClock ? clockWrong(error, ahead) : error
  }
}

function checkDates({certificate}: AppIdentity, now: Date): void {
  const {notBefore, notAfter} = certificate.facts
  if (now > notAfter) throw expired(notAfter)
  if (now < notBefore)
    throw new MfaError(
      'CERTIFICATE_NOT_YET_VALID',
      `the certificate is valid from ${notBefore.toISOString()} only; this machine says it is ${now.toISOString()}.`,
      {exit: 'auth', fix: 'Set this machine’s clock, or wait.'},
    )
}

export function expired(notAfter: Date, file?: string): MfaError {
  return new MfaError(
    'CERTIFICATE_EXPIRED',
    `the certificate${file === undefined ? '' : ` in ${file}`} expired on ${notAfter.toISOString()}.`,
    {
      exit: 'auth',
      fix: 'Register a new one: mfa app certificate rotate. If it should still be valid, check this machine’s clock.',
    },
  )
}

function clockWrong(error: MfaError, aheadMs: number): MfaError {
  const minutes = Math.round(Math.abs(aheadMs) / 60_000)
  const by =
    minutes < 1
      ? 'this machine’s clock is wrong'
      : `this machine’s clock is ${minutes} min ${aheadMs > 0 ? 'ahead of' : 'behind'} Microsoft’s`
  return new MfaError('CLOCK_WRONG', `${by}, so that its sign-in is refused: ${error.message}`, {
    exit: 'auth',
    fix: 'Set this machine’s clock (Windows: w32tm /resync); then run the same command again.',
    requestId: error.requestId,
  })
}
