const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Pseudo-random numbers with a fixed seed (mulberry32): the same seed gives the same data on every machine.
 * @param {number} seed
 */
export function createRandom(seed) {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  /** 0 up to, not including, 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    /** A whole number from 0 to `below` − 1. */
    below: (below) => Math.floor(next() * below),
    chance: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)],
    /** At most nine. */
    digits: (count) => String(Math.floor(next() * 10 ** count)).padStart(count, '0'),
    base32: (count) => {
      let text = ''
      while (text.length < count) text += BASE32[Math.floor(next() * 32)]
      return text
    },
    hex: (count) => {
      let text = ''
      while (text.length < count)
        text += Math.floor(next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0')
      return text.slice(0, count)
    },
  }
}
