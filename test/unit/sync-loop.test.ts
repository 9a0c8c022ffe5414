import fc from 'fast-check'
import {describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {type LoopState, syncLoop} from '../../src/lib/sync/loop.js'
import type {RoundReport} from '../../src/lib/sync/round.js'
import {FakeUi} from '../fakes/ui.js'
import {VirtualClock} from '../fakes/virtual-clock.js'

const MINUTE = 60_000
const REPORT = {summary: {users: 1}} as unknown as RoundReport

/** Rounds that take so long each (the last one for ever after), or fail. */
async function looped(rounds: readonly (number | MfaError)[], untilMs: number, intervalMs = 15 * MINUTE) {
  const clock = new VirtualClock()
  const ui = new FakeUi()
  const stop = new AbortController()
  const starts: number[] = []
  const told: LoopState[] = []
  let running = 0
  let overlapped = false
  let turn = 0
  const work = syncLoop(
    intervalMs,
    {
      clock,
      ui,
      told: (state) => void told.push(state),
      async round(signal) {
        starts.push(clock.monotonic())
        running += 1
        overlapped ||= running > 1
        try {
          const next = rounds[Math.min(turn++, rounds.length - 1)] ?? 0
          if (next instanceof MfaError) throw next
          await clock.sleep(next, signal)
          return REPORT
        } finally {
          running -= 1
        }
      },
    },
    stop.signal,
  )
  const error = work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  await clock.run(work, untilMs).catch(() => undefined)
  stop.abort(new Error('stopped'))
  await clock.run(error)
  return {starts, told, overlapped, error: await error, ui}
}

const unavailable = new MfaError('GRAPH_UNREACHABLE', 'no network', {exit: 'unavailable'})
const usage = new MfaError('GROUP_NOT_FOUND', 'no such group', {exit: 'usage'})

describe('the loop of rounds', () => {
  it('begins one at once and then one every interval', async () => {
    const {starts, error} = await looped([MINUTE], 46 * MINUTE)
    expect(starts).toEqual([0, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE])
    expect(error).toBeUndefined()
  })

  it('leaves starts out while a slow round goes on, and queues none', async () => {
    const {starts, told} = await looped([40 * MINUTE, MINUTE], 61 * MINUTE)
    expect(starts).toEqual([0, 45 * MINUTE, 60 * MINUTE])
    expect(told[0]).toMatchObject({rounds: 1, skipped: 2})
  })

  it('goes on after a round that failed', async () => {
    const {starts, told, error} = await looped([MINUTE, unavailable, MINUTE], 31 * MINUTE)
    expect(starts).toHaveLength(3)
    expect(told[1]).toMatchObject({errors: 1, error: {code: 'GRAPH_UNREACHABLE'}})
    expect(told[2]).toMatchObject({errors: 0})
    expect(told[2]?.error).toBeUndefined()
    expect(error).toBeUndefined()
  })

  it('ends where the settings are wrong from the beginning', async () => {
    expect((await looped([usage], 31 * MINUTE)).error).toBe(usage)
  })

  it('goes on where a group disappears later', async () => {
    const {starts, error} = await looped([MINUTE, usage], 31 * MINUTE)
    expect(starts).toHaveLength(3)
    expect(error).toBeUndefined()
  })

  it('never has two rounds at a time, and starts at multiples of the interval', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({min: 0, max: 4000}), {minLength: 1, maxLength: 8}),
        async (rounds) => {
          const {starts, overlapped, told} = await looped(rounds, 20_000, 1000)
          expect(overlapped).toBe(false)
          for (const start of starts) expect(start % 1000).toBe(0)
          // What was begun and what was left out are all the starts there were.
          for (const {rounds, skipped} of told) {
            const next = starts[rounds] ?? 1000 * (rounds + skipped)
            expect(next).toBe(1000 * (rounds + skipped))
          }
        },
      ),
      {numRuns: 50},
    )
  })
})
