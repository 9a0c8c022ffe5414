import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {EntraMethods} from '../../src/lib/model/entra-user.js'
import type {AllowedMethods} from '../../src/lib/model/methods-policy.js'
import {
  describeStanding,
  deviceCount,
  methodStanding,
  registeredMethods,
} from '../../src/lib/model/usable-methods.js'
import {allowedOnly, methods} from '../fixtures/users.js'

const NONE = allowedOnly()
const EMPTY = methods()
const phone = (slot: 'mobile' | 'alternateMobile' | 'office') => ({
  phones: [{id: slot, slot, number: '+1 4255550100'}],
})
const other = (type: string) => ({others: [{id: 'o', type}]})
const token = (status: 'assigned' | 'activated') => ({hardwareOath: [{id: 'h', serialNumber: 'T-1', status}]})

describe('whether a user can answer MFA in Microsoft Entra', () => {
  it.each([
    ['an authenticator', {authenticators: [{id: 'a'}]}, {push: true}],
    ['a software token', {softwareOath: [{id: 's'}]}, {softwareOath: true}],
    ['an activated hardware token', token('activated'), {hardwareOath: true}],
    ['a mobile phone by text', phone('mobile'), {sms: true}],
    ['a mobile phone by call', phone('mobile'), {voice: true}],
    ['an alternate mobile phone by call', phone('alternateMobile'), {voice: true}],
    ['an office phone', phone('office'), {voice: true, voiceOffice: true}],
    ['a passkey', other('fido2'), {fido2: true}],
  ] as const)('%s counts where the policy allows it', (_, methods, right) => {
    const had = {...EMPTY, ...methods}
    expect(methodStanding(had, {...NONE, ...right})).toBe('usable')
    expect(methodStanding(had, NONE)).toBe('none')
    expect(methodStanding(had, {...NONE, uncertain: true})).toBe('maybe')
  })

  it.each([
    ['no method at all', {}],
    ['a token that was never activated', token('assigned')],
    ['Windows Hello for Business', other('windowsHelloForBusiness')],
    ['an e-mail address', other('email')],
    ['a password', other('password')],
    ['a Temporary Access Pass', other('temporaryAccessPass')],
  ] as const)('%s does not, whatever is allowed', (_, methods) => {
    const every = Object.fromEntries(Object.keys(NONE).map((key) => [key, true])) as unknown as AllowedMethods
    expect(methodStanding({...EMPTY, ...methods}, every)).toBe('none')
  })

  it('keeps text messages from numbers that take calls only', () => {
    expect(methodStanding({...EMPTY, ...phone('alternateMobile')}, {...NONE, sms: true})).toBe('none')
    expect(methodStanding({...EMPTY, ...phone('office')}, {...NONE, sms: true, voice: true})).toBe('none')
  })

  it('says why', () => {
    expect(describeStanding(EMPTY, NONE)).toBe('no method is registered in Microsoft Entra')
    expect(describeStanding({...EMPTY, ...phone('mobile'), ...token('assigned')}, NONE)).toBe(
      'hardware OATH token T-1 was never activated; mobile phone is not allowed by the authentication methods policy',
    )
  })

  const rights = fc.record(
    Object.fromEntries(Object.keys(NONE).map((key) => [key, fc.boolean()])),
  ) as fc.Arbitrary<Omit<AllowedMethods, never>>
  const methods: fc.Arbitrary<EntraMethods> = fc.record({
    phones: fc
      .subarray(['mobile', 'alternateMobile', 'office'] as const)
      .map((slots) => slots.map((slot) => ({id: slot, slot, number: '+1 4255550100'}))),
    authenticators: fc.array(fc.record({id: fc.string()}), {maxLength: 3}),
    softwareOath: fc.array(fc.record({id: fc.string()}), {maxLength: 3}),
    hardwareOath: fc.array(
      fc.record({id: fc.string(), status: fc.constantFrom('assigned' as const, 'activated' as const)}),
      {maxLength: 3},
    ),
    others: fc.array(
      fc.record({id: fc.string(), type: fc.constantFrom('fido2', 'email', 'windowsHelloForBusiness')}),
      {maxLength: 3},
    ),
    systemPreferred: fc.boolean(),
  })
  const RANK = {none: 0, maybe: 1, usable: 2}

  it('a further method or a further right never makes it worse', () => {
    fc.assert(
      fc.property(
        methods,
        methods,
        rights,
        fc.constantFrom(...(Object.keys(NONE) as (keyof AllowedMethods)[])),
        (a, b, had, key) => {
          const both: EntraMethods = {
            ...a,
            phones: [...a.phones, ...b.phones],
            authenticators: [...a.authenticators, ...b.authenticators],
            softwareOath: [...a.softwareOath, ...b.softwareOath],
            hardwareOath: [...a.hardwareOath, ...b.hardwareOath],
            others: [...a.others, ...b.others],
          }
          expect(RANK[methodStanding(both, had)]).toBeGreaterThanOrEqual(RANK[methodStanding(a, had)])
          expect(RANK[methodStanding(a, {...had, [key]: true})]).toBeGreaterThanOrEqual(
            RANK[methodStanding(a, had)],
          )
          expect(deviceCount(both)).toBe(deviceCount(a) + deviceCount(b))
          expect(registeredMethods(both, had)).toHaveLength(
            registeredMethods(a, had).length + registeredMethods(b, had).length,
          )
        },
      ),
    )
  })
})
