import {expect, it} from 'vitest'
import {inventoryToken, seed, token} from '../fixtures/users.js'
import {codesOf, idOf, keyOf, resultOf, run, world} from '../helpers/migration-world.js'

it.each([
  ['first', 'second'],
  ['second', 'first'],
])(
  'of two tokens with one serial number, the one that was planned is activated (%s shown first)',
  async (...ids) => {
    const oathTokens = [token('T1', {secret: seed(1)})]
    const at = world([{name: 'ann', server: {oathTokens}, methods: {preferred: 'sms'}}])
    for (const id of ids) {
      const timeIntervalInSeconds = id === 'first' ? 30 : 60
      const secret = id === 'first' ? seed(1) : seed(2)
      const status = 'assigned'
      at.tenant.addToken(
        inventoryToken('T1', {id, assignedTo: idOf('ann'), status, timeIntervalInSeconds}),
        secret,
      )
    }
    const report = await run(at)
    expect(resultOf(report, 'ann').actions).toMatchObject([{kind: 'activate-token', outcome: 'done'}])
    expect(at.tenant.changes).toEqual([{verb: 'activateToken', user: idOf('ann'), target: 'method-first'}])
  },
)

it('tokens that changed places after planning are not written with each other’s secret (R6)', async () => {
  const oathTokens = [token('T1', {secret: seed(1)}), token('T2', {secret: seed(2)})]
  const at = world([{name: 'ann', server: {oathTokens}, methods: {preferred: 'sms'}}])
  let reads = 0
  at.source.onUsers = () => {
    if (++reads === 2) at.source.change(keyOf('ann'), {oathTokens: oathTokens.toReversed()})
  }
  expect(codesOf(resultOf(await run(at), 'ann'))).toContain('changed-since')
  expect(at.tenant.writes).toEqual([])
  const again = await run(at)
  expect(resultOf(again, 'ann').outcome).toBe('migrated')
})
