import {getEventListeners} from 'node:events'
import {expect, it} from 'vitest'
import {withTimeLimit} from '../../src/lib/entra/transport/time-limit.js'

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

it('ends what takes too long with a TimeoutError', async () => {
  const {signal} = new AbortController()
  await expect(withTimeLimit(5, signal, untilAborted)).rejects.toMatchObject({name: 'TimeoutError'})
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

it('ends with the reason of the signal, also of one that is aborted already', async () => {
  const controller = new AbortController()
  const reason = new Error('stopped')
  const running = withTimeLimit(60_000, controller.signal, untilAborted)
  controller.abort(reason)
  await expect(running).rejects.toBe(reason)
  await expect(withTimeLimit(60_000, controller.signal, untilAborted)).rejects.toBe(reason)
})

it('leaves nothing behind', async () => {
  const {signal} = new AbortController()
  expect(await withTimeLimit(60_000, signal, async () => 'done')).toBe('done')
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})
