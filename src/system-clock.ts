import {setTimeout as sleep} from 'node:timers/promises'

import type {Clock} from './lib/ports/clock.js'

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : {signal})
    } catch (error) {
      // Node's own words for it would hide why.
      signal?.throwIfAborted()
      throw error
    }
  },
}
