import {expect, test} from 'vitest'

import {ordeal, undisturbedRun} from '../faults/ordeal.js'

const USERS = 40

/** A small cut of what `npm run test:faults` does with many seeds and more users. */
test('killed again and again while requests go wrong', {timeout: 300_000}, async () => {
  const undisturbed = await undisturbedRun(USERS)
  const rates = {throttle: 0.005, error: 0.03, lost: 0.03, reset: 0.02, slow: 0.01, retryAfter: 1}
  const figures = await ordeal({seed: 1, users: USERS, kills: 8, undoKills: 2, lag: 500, rates}, undisturbed)
  expect(figures.kills).toBe(10)
})
