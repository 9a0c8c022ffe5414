import {MfaError} from '../errors/mfa-error.js'
import type {AppRegistrations, Grants} from '../ports/app-registration.js'
import type {Clock} from '../ports/clock.js'
import type {Ui} from '../ports/ui.js'
import type {Step} from './steps.js'

const LOOK_EVERY_MS = 5000
const PHASE = 'waiting for admin consent'

type GrantStep = Extract<Step, {kind: 'grant-role' | 'grant-scopes'}>

export const isGrant = (step: Step): step is GrantStep =>
  step.kind === 'grant-role' || step.kind === 'grant-scopes'

/** What is not granted yet, by name. */
export function pending(steps: readonly GrantStep[], grants: Grants): readonly string[] {
  const scopes = new Set(grants.scopes.flatMap(({names}) => names))
  return steps.flatMap((step) =>
    step.kind === 'grant-role'
      ? grants.roles.some(({roleId}) => roleId === step.roleId)
        ? []
        : [step.permission]
      : step.after.filter((scope) => !scopes.has(scope)),
  )
}

/**
 * Shows the address at which an administrator consents, and looks until it has happened or `waitMs` are over.
 * Throws MfaError `auth` with what is missing and the address.
 */
export async function waitForConsent(
  steps: readonly GrantStep[],
  about: {
    readonly address: string
    readonly principalId: string
    readonly graphId: string
    readonly waitMs: number
  },
  deps: {readonly registrations: AppRegistrations; readonly clock: Clock; readonly ui: Ui},
  signal: AbortSignal,
): Promise<void> {
  const {registrations, clock, ui} = deps
  const look = async () =>
    pending(steps, await registrations.grants(about.principalId, about.graphId, signal))
  let missing = await look()
  const total = missing.length
  if (total === 0) return
  const until = clock.monotonic() + about.waitMs
  if (about.waitMs > 0)
    ui.emit({
      type: 'note',
      text: `Your role may not consent. A Global Administrator or Privileged Role Administrator opens this address and accepts:\n${about.address}\nThe page that comes afterwards may not load; that does no harm.`,
    })
  while (missing.length > 0) {
    ui.emit({type: 'progress', phase: PHASE, done: total - missing.length, total})
    if (clock.monotonic() + LOOK_EVERY_MS > until) {
      ui.emit({type: 'phase-end', phase: PHASE})
      throw consentMissing(missing, about.address)
    }
    await clock.sleep(LOOK_EVERY_MS, signal)
    missing = await look()
  }
  ui.emit({type: 'phase-end', phase: PHASE})
}

export function consentMissing(missing: readonly string[], address: string): MfaError {
  return new MfaError('CONSENT_MISSING', `admin consent is missing for ${missing.join(', ')}`, {
    exit: 'auth',
    fix: `A Global Administrator or Privileged Role Administrator opens this address and accepts; then run the same command again:\n${address}`,
  })
}
