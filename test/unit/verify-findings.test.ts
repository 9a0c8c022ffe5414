import {describe, expect, it} from 'vitest'
import {planUser, type PlanUserInput} from '../../src/lib/migration/plan-user.js'
import {verifiedUser} from '../../src/lib/migration/verify.js'
import {
  device,
  entraPhone,
  inventoryOf,
  inventoryToken,
  JANE,
  phone,
  planInput,
  token,
} from '../fixtures/users.js'

const marksOf = (input: PlanUserInput): readonly string[] =>
  verifiedUser(planUser(input), input.methods).items.map(
    ({mark, item, what}) => `${mark} ${item} ${what.slice(0, 20)}`,
  )

describe('what a finding is about is not "only in Entra"', () => {
  it('a number that is kept (P6)', () => {
    const input = planInput({
      server: {phone: phone('4255550100')},
      methods: {
        phones: [entraPhone('mobile', '+1 4255550199'), entraPhone('office', '+1 4255550177')],
        preferred: 'sms',
      },
    })
    expect(marksOf(input)).toEqual([
      '= default sms',
      '* phone The mobile number in',
      '- entra office +1 4255550177',
    ])
  })

  it('a token that the user holds and that cannot be activated (O4)', () => {
    const input = planInput({
      server: {oathTokens: [token('T1')]},
      methods: {
        hardwareOath: [{id: 'm1', serialNumber: 'T1', status: 'assigned'}],
        preferred: 'sms',
      },
      inventory: inventoryOf(inventoryToken('T1', {assignedTo: JANE, status: 'assigned'})),
    })
    expect(marksOf(input)).toEqual(['= default sms', '! token:0 The secret of token '])
  })

  it('a registration of Authenticator that is taken for the device (D5)', () => {
    const input = planInput({
      server: {devices: [device('iPhone', {appVersion: '6.7.1'})]},
      methods: {
        authenticators: [
          {id: 'a1', displayName: 'iPhone', phoneAppVersion: '6.7.1'},
          {id: 'a2', displayName: 'Pixel'},
        ],
        preferred: 'push',
      },
    })
    expect(marksOf(input)).toEqual([
      '= default push',
      '= device:0 "iPhone" is taken fo',
      '- entra Microsoft Authentica',
    ])
  })
})
