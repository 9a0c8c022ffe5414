import {duration} from './lib/config/pace-settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {advanceClock, tenantTime} from './lib/sandbox/clock-offset.js'
import {isEmpty, seedTenant} from './lib/sandbox/seed.js'
import {signInOf, type SignIn} from './lib/sandbox/sign-in.js'
import {openStore, type Store} from './lib/sandbox/store.js'
import {readTenantFile} from './lib/sandbox/tenant-file.js'
import type {Wiring} from './wire.js'
import {exampleTenant, sandboxFile} from './wire-tenant.js'

/** A year: more is a slip of the finger. */
const MOST_MS = 366 * 86_400_000

/** `mfa sandbox advance`. Throws MfaError `usage` for what is no length of time. */
export async function advanceSandbox(wired: Wiring, time: string) {
  const ms = lengthOf(time)
  return inSandbox(wired, (store, now) => {
    const offsetMs = advanceClock(store, ms)
    return {advancedMs: ms, offsetMs, now: now().toISOString()}
  })
}

/** `mfa sandbox sign-in` */
export async function trySignIn(wired: Wiring, user: string, onPremisesMfa: boolean): Promise<SignIn> {
  return inSandbox(wired, (store, now) => signInOf(store, user, now().getTime(), {onPremisesMfa}))
}

async function inSandbox<T>(wired: Wiring, work: (store: Store, now: () => Date) => T): Promise<T> {
  await wired.state()
  const tenant = await readTenantFile(exampleTenant)
  const store = openStore(sandboxFile(wired.settings))
  try {
    if (isEmpty(store)) seedTenant(store, tenant, wired.clock.now())
    return work(
      store,
      tenantTime(store, () => wired.clock.now()),
    )
  } finally {
    store.close()
  }
}

function lengthOf(time: string): number {
  const parsed = duration(time)
  if ('value' in parsed && parsed.value <= MOST_MS) return parsed.value
  const {problem, fix} =
    'problem' in parsed ? parsed : {problem: `${time} is too long`, fix: 'Give a year at most.'}
  throw new MfaError('BAD_TIME', problem, {exit: 'usage', fix})
}
