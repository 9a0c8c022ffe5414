import {setTimeout as sleep} from 'node:timers/promises'

import {expect, it} from 'vitest'

import {createTokens} from '../../src/lib/entra/transport/tokens.js'

/** Gives a token when told to, and ends when aborted. */
function service() {
  const asked: AbortSignal[] = []
  let give = (_token: string): void => {}
  const tokens = createTokens((signal) => {
    asked.push(signal)
    return new Promise((resolve, reject) => {
      give = resolve
      signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true})
    })
  })
  return {tokens, asked, give: (token: string) => give(token)}
}

it('refreshes once for all who ask, and again for those who had the new token', async () => {
  const {tokens, asked, give} = service()
  const live = new AbortController().signal
  const both = [tokens.refresh(0, live), tokens.refresh(0, live)]
  expect(asked).toHaveLength(1)
  give('new')
  await Promise.all(both)
  await tokens.refresh(0, live)
  expect(asked).toHaveLength(1)
  const next = tokens.refresh(1, live)
  expect(asked).toHaveLength(2)
  give('newer')
  await next
})

it('goes on for the others where the first who asked is stopped', async () => {
  const {tokens, asked, give} = service()
  const first = new AbortController()
  const stopped = tokens.refresh(0, first.signal)
  const other = tokens.refresh(0, new AbortController().signal)
  first.abort(new Error('its lease was lost'))
  await expect(stopped).rejects.toThrow('its lease was lost')
  expect(asked[0]?.aborted).toBe(false)
  give('new')
  await other
})

it('ends where nobody waits any more, and begins anew for who comes then', async () => {
  const {tokens, asked, give} = service()
  const only = new AbortController()
  const stopped = tokens.refresh(0, only.signal)
  only.abort(new Error('stopped'))
  await expect(stopped).rejects.toThrow('stopped')
  expect(asked[0]?.aborted).toBe(true)
  const next = tokens.refresh(0, new AbortController().signal)
  expect(asked).toHaveLength(2)
  give('new')
  await next
  await sleep(0)
})
