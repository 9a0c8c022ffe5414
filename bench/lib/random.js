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
    digits: (count) => Array.from({length: count}, () => Math.floor(next() * 10)).join(''),
    base32: (count) =>
      Array.from({length: count}, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Math.floor(next() * 32)]).join(''),
    hex: (count) => Array.from({length: count}, () => Math.floor(next() * 16).toString(16)).join(''),
  }
}
