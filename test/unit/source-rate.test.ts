import {expect, it} from 'vitest'

import {Turns} from '../../src/lib/source/web-service-sdk/turns.js'
import {openWebServiceSdk} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {startPfServer} from '../fakes/pf-server.js'
import {VirtualClock} from '../fakes/virtual-clock.js'
import {systemClock} from '../../src/system-clock.js'

const live = (): AbortSignal => new AbortController().signal

it('lets requests go at even distances, in the order of asking', async () => {
  const clock = new VirtualClock()
  const turns = new Turns(clock, 4)
  const at: number[] = []
  await clock.run(
    Promise.all([0, 1, 2, 3].map((n) => turns.wait(live()).then(() => (at[n] = clock.monotonic())))),
  )
  expect(at).toEqual([0, 250, 500, 750])
})

it('holds nobody up after a pause, and saves nothing up', async () => {
  const clock = new VirtualClock()
  const turns = new Turns(clock, 2)
  const at: number[] = []
  const three = async () => {
    for (let n = 0; n < 2; n++) await turns.wait(live()).then(() => at.push(clock.monotonic()))
    await clock.sleep(5000)
    for (let n = 0; n < 2; n++) await turns.wait(live()).then(() => at.push(clock.monotonic()))
  }
  await clock.run(three())
  expect(at).toEqual([0, 500, 5500, 6000])
})

it('stops waiting when interrupted', async () => {
  const clock = new VirtualClock()
  const turns = new Turns(clock, 1)
  const stop = new AbortController()
  await turns.wait(stop.signal)
  const waiting = turns.wait(stop.signal)
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

it('holds for everything that is asked of the server', async () => {
  const server = await startPfServer(Array.from({length: 12}, (_, n) => ({username: `u${n}`})))
  const source = await openWebServiceSdk(server.url, {
    clock: systemClock,
    scratch: memoryScratch(),
    ratePerSecond: 40,
  })
  try {
    const began = performance.now()
    for await (const _ of source.identities(live()));
    let users = 0
    for await (const _ of source.users(live())) users += 1
    const seconds = (performance.now() - began) / 1000
    expect(users).toBe(12)
    // One at once, the others 25 ms apart.
    expect(server.calls.length / 40).toBeLessThanOrEqual(seconds + 1 / 40)
  } finally {
    await source.close()
    await server.close()
  }
})
