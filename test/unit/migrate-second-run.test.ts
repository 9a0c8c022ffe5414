import {expect, test} from 'vitest'
import {device, phone, seed, token} from '../fixtures/users.js'
import {run, world} from '../helpers/migration-world.js'

test('a second run writes nothing', async () => {
  const at = world([
    {name: 'ann', server: {phone: phone('4255550100')}},
    {name: 'bob', server: {mode: 'phoneApp', devices: [device('iPhone', {oathSecret: seed(1)})]}},
    {
      name: 'cyd',
      server: {mode: 'oathToken', oathTokens: [token('T-1', {secret: seed(2), timeInterval: 30})]},
    },
    {name: 'dot', server: null},
  ])
  const first = await run(at)
  expect(first.results.summary).toMatchObject({users: 4, migrated: 3, unmatched: 1})
  const writes = at.tenant.writes.length
  const asked = at.tenant.count('methods')
  const second = await run(at)
  expect(second.results.summary).toMatchObject({users: 4, unchanged: 3, unmatched: 1})
  expect(at.tenant.writes.length).toBe(writes)
  expect(at.tenant.count('methods')).toBe(asked)
})
