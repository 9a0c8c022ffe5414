import fc from 'fast-check'
import {describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {type LoopDeps, type LoopState, syncLoop} from '../../src/lib/sync/loop.js'
import type {RoundReport} from '../../src/lib/sync/round.js'
import {FakeUi} from '../fakes/ui.js'
import {VirtualClock} from '../fakes/virtual-clock.js'

const MINUTE = 60_000
const REPORT = {summary: {users: 1}} as unknown as RoundReport

/** Rounds that take so long each (the last one for ever after), or fail. */
async function looped(
  rounds: readonly (number | Error)[],
  untilMs: number,
  intervalMs = 15 * MINUTE,
  more: Partial<LoopDeps> = {},
) {
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
          if (next instanceof Error) throw next
          await clock.sleep(next, signal)
          return REPORT
        } finally {
          running -= 1
        }
      },
      ...more,
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

  it('says an error in its own words, in one line, with a few of many faults', async () => {
    const lines = ['3 users', 'line 2: a', 'line 3: b', 'line 4: c', 'line 5: d', 'line 6: e']
    const many = new MfaError('BUNDLE_UNREADABLE', lines.join('\n  '), {exit: 'data', fix: 'Correct it.'})
    const {told, ui} = await looped([many, MINUTE], 16 * MINUTE, 15 * MINUTE, {
      worded: (text) => text.replaceAll('3 users', 'some users'),
    })
    expect(ui.notes).toEqual([
      'this round did not succeed: some users: line 2: a; line 3: b; line 4: c; and 2 more. Correct it.',
    ])
    expect(told[0]?.error?.message).toBe(['some users', ...lines.slice(1)].join('\n  '))
  })

  it('ends where the settings are wrong from the beginning', async () => {
    expect((await looped([usage], 31 * MINUTE)).error).toBe(usage)
  })

  it('waits for a bundle that is half written when it begins', async () => {
    const data = new MfaError('BUNDLE_UNREADABLE', 'no header', {exit: 'data'})
    const {starts, told, error} = await looped([data, MINUTE], 16 * MINUTE)
    expect(starts).toEqual([0, 15 * MINUTE])
    expect(told.map(({errors, failed}) => ({errors, failed}))).toEqual([
      {errors: 1, failed: 1},
      {errors: 0, failed: 1},
    ])
    expect(error).toBeUndefined()
  })

  it('goes on after errors that nobody foresaw, with pauses that double up to an hour, and names them', async () => {
    const seen: unknown[] = []
    const bug = new TypeError('x is not a function')
    const {starts, told, ui, error} = await looped([bug, bug, bug, bug, MINUTE], 211 * MINUTE, 15 * MINUTE, {
      unforeseen: (each) => void seen.push(each),
    })
    expect(starts.map((ms) => ms / MINUTE)).toEqual([0, 15, 45, 105, 165, 180, 195, 210])
    expect(seen).toEqual([bug, bug, bug, bug])
    expect(told[3]).toMatchObject({errors: 4, skipped: 0, error: {code: 'BUG'}})
    expect(ui.notes[0]).toContain('unforeseen: x is not a function. This is a fault of mfa.')
    expect(error).toBeUndefined()
  })

  it('gives up after so many rounds that failed, where others may do better', async () => {
    const {told, starts} = await looped([unavailable, MINUTE, unavailable], 200 * MINUTE, 15 * MINUTE, {
      giveUpAfter: 2,
    })
    expect(starts.map((ms) => ms / MINUTE)).toEqual([0, 15, 30, 45])
    expect(told.at(-1)).toMatchObject({errors: 2, failed: 3})
  })

  it('does not give up for what others would meet as well', async () => {
    const locked = new MfaError('LOCKED', 'mfa migrate has it', {exit: 'locked'})
    const {starts} = await looped([locked], 61 * MINUTE, 15 * MINUTE, {giveUpAfter: 2})
    expect(starts).toHaveLength(5)
  })

  it('goes on where a group is gone at the first round after a restart', async () => {
    const {starts, error} = await looped([usage], 16 * MINUTE, 15 * MINUTE, {worked: true})
    expect(starts).toHaveLength(2)
    expect(error).toBeUndefined()
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
