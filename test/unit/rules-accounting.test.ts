import {describe, expect, it} from 'vitest'
import {planUser, preflight} from '../../src/lib/migration/plan-user.js'
import {itemsOf, unaccounted, unaccountedIn} from '../../src/lib/migration/rules/accounting.js'
import {device, identity, options, phone, planInput, serverUser, token} from '../fixtures/users.js'

const server = serverUser({
  phone: phone('4255550100'),
  backupPhone: phone('2065550133'),
  devices: [device('iPhone'), device('iPhone')],
  oathTokens: [token('T1')],
})
const EMPTY = {actions: [], alreadyThere: [], findings: []}

describe('accounting', () => {
  it('counts every item of the record', () => {
    expect(itemsOf(server)).toEqual(['phone', 'backupPhone', 'device:0', 'device:1', 'token:0', 'default'])
    expect(itemsOf(serverUser({phone: phone(' ')}))).toEqual(['default'])
    expect(itemsOf(serverUser({phone: phone('', '22')}))).toEqual(['phone', 'default'])
  })

  it('names what a plan forgot', () => {
    expect(unaccounted(server, EMPTY)).toEqual(itemsOf(server))
    const there = [{item: 'device:1', rule: 'D4', target: 'x'} as const]
    expect(unaccounted(server, {...EMPTY, alreadyThere: there})).not.toContain('device:1')
  })

  it('a user left alone as a whole is accounted for', () => {
    const plan = planUser(planInput({server}))
    expect(unaccountedIn(server, {...plan, ...EMPTY})).toEqual(itemsOf(server))
    expect(unaccountedIn(server, {...plan, ...EMPTY, outcome: 'disabled'})).toEqual([])
  })
})

describe('preflight', () => {
  it('lets everybody else through', () => {
    expect(preflight(server, identity(), options())).toBeUndefined()
    expect(
      preflight({...server, enabled: false}, identity(), options({includeDisabled: true})),
    ).toBeUndefined()
  })

  it('R7 before U4, and a missing Mode without a fault is one', () => {
    const plan = preflight({...server, mode: undefined, enabled: false}, identity(), options())
    expect(plan).toMatchObject({
      outcome: 'failed',
      actions: [],
      findings: [{code: 'mode-invalid', rule: 'R7', item: 'user'}],
    })
  })

  it('says on which side the user is disabled', () => {
    const plan = preflight({...server, enabled: false}, identity({accountEnabled: false}), options())
    expect(plan?.findings.map((one) => one.detail)).toEqual([
      expect.stringContaining('disabled on MFA Server and in Entra'),
    ])
  })

  it('is what planUser says too, fingerprints added', () => {
    const over = {...server, enabled: false}
    expect(planUser(planInput({server: over}))).toMatchObject(
      preflight(over, identity(), options()) as object,
    )
  })
})
