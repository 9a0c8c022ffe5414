import {describe, expect, it} from 'vitest'
import fc from 'fast-check'

import {domainsConcerned, type FederationRecord} from '../../src/lib/changes/federation-changes.js'
import {ACCEPTABLE, isAcceptable} from '../../src/lib/federation/blockers.js'
import {judgeMigrated} from '../../src/lib/federation/check-migration.js'
import {judgeUser} from '../../src/lib/federation/check-users.js'
import {judgeEmergencyAccount, type EmergencyFacts} from '../../src/lib/federation/emergency-account.js'
import {isReached, standingOf, watchFederation} from '../../src/lib/federation/standing.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {EntraMethods} from '../../src/lib/model/entra-user.js'
import {MFA_BEHAVIORS, meaningOf, wayBack} from '../../src/lib/model/mfa-behavior.js'
import type {DomainFederation} from '../../src/lib/ports/federation.js'
import {describeDomain, watchLines} from '../../src/lib/report/federation-report.js'
import {federationWorld, newProcess} from '../helpers/federation-world.js'
import {allowed, allowedOnly, methods} from '../fixtures/users.js'

const NOTHING = methods()
const KEY: EntraMethods = {...NOTHING, others: [{id: 'key', type: 'fido2'}]}
const ALL = allowed()
const NONE = allowedOnly()
const identity = {
  id: 'u1' as ObjectId,
  userPrincipalName: 'ann@contoso.com',
  accountEnabled: true,
  isGuest: false,
}
const federated = (domain: string, more: Partial<DomainFederation> = {}): DomainFederation => ({
  domain,
  authenticationType: 'Federated',
  federationId: `id of ${domain}`,
  behavior: null,
  ...more,
})

describe('an emergency account', () => {
  const good: EmergencyFacts = {
    account: {...identity, isSynced: false},
    domain: {domain: 'contoso.onmicrosoft.com', authenticationType: 'Managed', behavior: null},
    methods: KEY,
    allowed: ALL,
  }
  const codes = (facts: Partial<EmergencyFacts>) =>
    judgeEmergencyAccount({...good, ...facts}).map(({code}) => code)

  it('is enabled, cloud-only, outside of federated domains, and has a method that works', () => {
    expect(codes({})).toEqual([])
  })

  it.each([
    ['emergency-account-disabled', {account: {...good.account, accountEnabled: false}}],
    ['emergency-account-guest', {account: {...good.account, isGuest: true}}],
    ['emergency-account-synced', {account: {...good.account, isSynced: true}}],
    ['emergency-account-federated', {domain: federated('contoso.com')}],
    ['emergency-account-federated', {domain: undefined}],
    ['emergency-account-unreadable', {methods: undefined}],
    ['emergency-account-no-method', {methods: NOTHING}],
    ['emergency-account-no-method', {allowed: NONE}],
    [
      'emergency-account-no-method',
      {methods: {...NOTHING, others: [{id: 'tap', type: 'temporaryAccessPass'}]}},
    ],
  ] as const)('is refused as %s', (code, facts) => {
    expect(codes(facts)).toEqual([code])
  })

  it('cannot be waived, whatever is wrong with it', () => {
    const bad = judgeEmergencyAccount({
      account: {...good.account, accountEnabled: false, isSynced: true, isGuest: true},
      domain: undefined,
      methods: undefined,
      allowed: NONE,
    })
    expect(bad).toHaveLength(5)
    for (const {code, acceptable} of bad)
      expect([code, acceptable, isAcceptable(code)]).toEqual([code, false, false])
  })
})

describe('users', () => {
  it.each([
    ['no method', NOTHING, ALL, 'no-usable-method'],
    ['a key', KEY, ALL, undefined],
    ['a key that the policy does not allow', KEY, NONE, 'no-usable-method'],
    ['a key that legacy settings may allow', KEY, {...NONE, uncertain: true}, 'method-uncertain'],
    ['nothing that could be read', {code: 'x', message: 'no'}, ALL, 'methods-unreadable'],
    ['no answer', undefined, ALL, 'methods-unreadable'],
  ] as const)('with %s', (_, methods, allowed, code) => {
    expect(judgeUser(identity, methods, allowed)?.code).toBe(code)
  })

  it.each([
    ['migrated', {is: 'migrated'}, undefined],
    ['no-record', {is: 'no-record'}, undefined],
    ['never', {is: 'never', detail: 'd'}, 'not-migrated'],
    ['partly', {is: 'partly', detail: 'd'}, 'not-migrated'],
    ['changed', {is: 'changed', detail: 'd'}, 'not-migrated'],
  ] as const)('whose migration stands as %s', (_, state, code) => {
    expect(judgeMigrated('ann@contoso.com', state)?.code).toBe(code)
  })

  it('are those of the domain and of domains that are federated with it', () => {
    const {federationId: _none, ...together} = federated('emea.contoso.com')
    const all = [
      federated('contoso.com'),
      together,
      federated('own.contoso.com'),
      {domain: 'managed.contoso.com', authenticationType: 'Managed', behavior: null},
      federated('notcontoso.com'),
    ]
    expect(domainsConcerned('contoso.com', all)).toEqual(['contoso.com', 'emea.contoso.com'])
  })
})

it('what --accept takes is never about the emergency account', () => {
  for (const code of Object.keys(ACCEPTABLE)) expect(code).not.toMatch(/emergency|users-not-named/)
  expect(['dependency-C1', 'DEPENDENCY-C6', 'dependency-C7', 'dependency-A1', ''].map(isAcceptable)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

describe('a value and the way back', () => {
  it('an explicit value comes back as it was; null as the nearest explicit one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MFA_BEHAVIORS),
        fc.option(fc.boolean(), {nil: undefined}),
        (value, flag) => wayBack(value, flag) === value,
      ),
    )
    expect([true, false, undefined].map((flag) => wayBack(null, flag))).toEqual([
      'enforceMfaByFederatedIdp',
      'acceptIfMfaDoneByFederatedIdp',
      'acceptIfMfaDoneByFederatedIdp',
    ])
    expect(wayBack('unknownFutureValue', undefined)).toBe('acceptIfMfaDoneByFederatedIdp')
  })

  it('has a meaning for everything that a domain may show', () => {
    const all = [...MFA_BEHAVIORS, 'unknownFutureValue', null] as const
    expect(new Set(all.map(meaningOf)).size).toBe(all.length)
  })
})

describe('how a domain stands', () => {
  const record: FederationRecord = {
    original: null,
    isRollbackOnly: false,
    last: {
      isRollback: false,
      to: 'rejectMfaByFederatedIdp',
      run: 'r',
      at: '2026-03-01T09:00:00.000Z',
      effectiveBy: '2026-03-02T09:00:00.000Z',
    },
  }
  const reject = federated('contoso.com', {behavior: 'rejectMfaByFederatedIdp'})
  const text = (...args: Parameters<typeof standingOf>) => describeDomain(standingOf(...args)).join('\n')

  it('names today’s value and the one it falls back to', () => {
    const never = standingOf(federated('contoso.com'), undefined, new Date())
    expect(never).toMatchObject({
      federatedIdpMfaBehavior: null,
      fallsBackTo: 'acceptIfMfaDoneByFederatedIdp',
    })
    expect(describeDomain(never).join(' ')).toMatch(/SupportsMfa.*one-way door/)
    expect(standingOf(reject, undefined, new Date()).fallsBackTo).toBeNull()
  })

  it('is in effect a day after our change, and unknown where somebody else made it', () => {
    const before = new Date('2026-03-02T08:59:59Z')
    const after = new Date('2026-03-02T09:00:00Z')
    expect(standingOf(reject, record, before).inEffect).toBe(false)
    expect(standingOf(reject, record, after).inEffect).toBe(true)
    expect(standingOf(reject, undefined, after).inEffect).toBeUndefined()
    const other = federated('contoso.com', {behavior: 'enforceMfaByFederatedIdp'})
    expect(standingOf(other, record, after).inEffect).toBeUndefined()
    expect(text(reject, record, before)).toContain('in effect by 2026-03-02 09:00 UTC')
    expect(text(reject, record, after)).toContain('in effect since')
    expect(text(other, record, after)).toContain('Somebody else has changed it')
    expect(watchLines([standingOf(reject, record, before)], before)).toEqual([
      '2026-03-02T08:59:59.000Z contoso.com: rejectMfaByFederatedIdp; in effect by 2026-03-02T09:00:00.000Z',
    ])
  })

  it('is what is waited for only if there is something to wait for', () => {
    const ours = standingOf(reject, record, new Date())
    const foreign = standingOf(reject, undefined, new Date())
    expect(isReached([ours], undefined)).toBe(true)
    expect(isReached([foreign], undefined)).toBe(false)
    expect(isReached([foreign], 'rejectMfaByFederatedIdp')).toBe(true)
    expect(isReached([ours, foreign], 'enforceMfaByFederatedIdp')).toBe(false)
    expect(isReached([], 'rejectMfaByFederatedIdp')).toBe(false)
  })

  it('is watched until the value shows, where reads lag behind', async () => {
    const at = await federationWorld({faults: {consistency: 150_000}})
    const {deps} = newProcess(at)
    const domain = await deps.federations.domain('contoso.com', new AbortController().signal)
    if (domain === undefined) throw new Error('no domain')
    const {signal} = new AbortController()
    await deps.federations.setBehavior(domain, 'rejectMfaByFederatedIdp', signal)
    const seen: unknown[] = []
    const request = {
      domain: 'contoso.com',
      until: 'rejectMfaByFederatedIdp' as const,
      intervalMs: 60_000,
      seen: (found: readonly {readonly federatedIdpMfaBehavior: unknown}[]) => {
        seen.push(found[0]?.federatedIdpMfaBehavior)
      },
    }
    await watchFederation(request, deps, signal)
    expect(seen).toEqual([null, null, null, 'rejectMfaByFederatedIdp'])
    const stop = new AbortController()
    const forever = {
      ...request,
      until: 'enforceMfaByFederatedIdp' as const,
      seen: () => stop.abort(new Error('Ctrl-C')),
    }
    await expect(watchFederation(forever, deps, stop.signal)).rejects.toThrow('Ctrl-C')
    await at.sandbox.stop()
  })
})
