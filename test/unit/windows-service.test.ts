import {expect, test} from 'vitest'

import {type Sc, windowsService} from '../../src/lib/storage/windows-service.js'

/** What `sc.exe` prints; the titles are translated on other Windows. */
const answer = (state: number, title = 'STATE'): string =>
  `\r\nSERVICE_NAME: MultiFactorAuth \r\n        TYPE               : 10  WIN32_OWN_PROCESS  \r\n        ${title}              : ${state}  X \r\n                                (STOPPABLE)\r\n        WIN32_EXIT_CODE    : 0  (0x0)\r\n`

/** A service that needs some polls to change its state. */
function service(first: number, slow = 2, answers: Partial<Record<'start' | 'stop', number>> = {}) {
  const calls: string[] = []
  let state = first
  let left = 0
  const sc: Sc = async ([verb = '', name]) => {
    calls.push(`${verb} ${name}`)
    if (verb === 'query') {
      if (left > 0 && --left === 0) state = state === 3 ? 1 : 4
      return {code: 0, stdout: answer(state)}
    }
    const code = answers[verb as 'start' | 'stop'] ?? 0
    if (code === 0) [state, left] = [verb === 'stop' ? 3 : 2, slow]
    return {code, stdout: ''}
  }
  return {calls, control: windowsService(sc, async () => {})}
}

test.each([
  [{code: 0, stdout: answer(4)}, 'running'],
  [{code: 0, stdout: answer(1)}, 'stopped'],
  [{code: 0, stdout: answer(3)}, 'running'],
  [{code: 0, stdout: answer(1, 'STATUS')}, 'stopped'],
  [{code: 1060, stdout: ''}, 'absent'],
  [{code: 5, stdout: ''}, 'unknown'],
  [{code: 0, stdout: 'gibberish'}, 'unknown'],
])('%j', async (result, state) => {
  expect(await windowsService(async () => result).state()).toBe(state)
})

test('stop and start wait until it is so', async () => {
  const {control, calls} = service(4)
  await control.stop()
  expect(await control.state()).toBe('stopped')
  await control.start()
  expect(await control.state()).toBe('running')
  expect(calls.filter((call) => !call.startsWith('query'))).toEqual([
    'stop MultiFactorAuth',
    'start MultiFactorAuth',
  ])
})

test('a refusal is told, and so is a service that never stops', async () => {
  await expect(service(4, 1, {stop: 5}).control.stop()).rejects.toMatchObject({
    exit: 'unavailable',
    fix: expect.stringContaining('answered 5'),
  })
  await expect(service(4, 100_000).control.stop()).rejects.toMatchObject({code: 'SERVICE'})
})
