import {expect, it} from 'vitest'

import {isPassing, postgresFault} from '../../src/lib/state/postgres/postgres-fault.js'

it.each([
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
])('%s, which the driver says without a code, may pass', (message) => {
  expect(isPassing(new Error(message))).toBe(true)
  expect(postgresFault(new Error(message), 'postgres://h/d')).toMatchObject({exit: 'unavailable'})
})

it('what nobody foresaw does not pass', () => {
  const bug = new TypeError('rows is not iterable')
  expect(isPassing(bug)).toBe(false)
  expect(postgresFault(bug, 'postgres://h/d')).toBe(bug)
})
