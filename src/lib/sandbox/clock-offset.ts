import type {Store} from './store.js'

const NAME = 'clockOffsetMs'

/** How far the tenant's clock is ahead of the real one: `mfa sandbox advance` adds to it, and a running server follows. */
export function clockOffset(store: Store): number {
  return Number(store.meta(NAME) ?? 0)
}

/** Moves the tenant's clock on; never back, since what happened would then lie ahead. */
export function advanceClock(store: Store, ms: number): number {
  const offset = clockOffset(store) + ms
  store.setMeta(NAME, String(offset))
  return offset
}

/** The tenant's time; tokens keep to the real one, so that nobody is signed out by it. */
export const tenantTime =
  (store: Store, now: () => Date): (() => Date) =>
  () =>
    new Date(now().getTime() + clockOffset(store))
