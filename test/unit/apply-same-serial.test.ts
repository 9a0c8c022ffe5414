import {expect, it} from 'vitest'
import {inventoryToken, seed, token} from '../fixtures/users.js'
import {idOf, resultOf, run, world} from '../helpers/migration-world.js'

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
