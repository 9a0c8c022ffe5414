import type {Clock} from '../ports/clock.js'

/** A moment by both clocks. */
export interface Moment {
  readonly monotonic: number
  readonly wall: number
}

export const momentOf = (clock: Clock): Moment => ({
  monotonic: clock.monotonic(),
  wall: clock.now().getTime(),
})

/**
 * Milliseconds since then, by whichever clock says more: the monotonic one stands still while a machine is suspended, the other
 * may be set back. Whoever gives something up in time is too early rather than too late.
 */
export const elapsedMs = (since: Moment, clock: Clock): number =>
  Math.max(clock.monotonic() - since.monotonic, clock.now().getTime() - since.wall)
