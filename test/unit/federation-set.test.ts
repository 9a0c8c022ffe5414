import {afterEach, describe, expect, it} from 'vitest'

import {federationRecords} from '../../src/lib/changes/federation-changes.js'
import {setFederation, type SetReport, type SetRequest} from '../../src/lib/federation/set-federation.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import {MemoryJournal} from '../fakes/memory-journal.js'
import {type FederationWorld, federationWorld, newProcess, setRequestOf} from '../helpers/federation-world.js'

let at: FederationWorld
afterEach(() => at.sandbox.stop())

const begin = async (options: {faults?: Faults} = {}) => (at = await federationWorld(options))

async function set(request: Partial<SetRequest> = {}, answers: (boolean | string)[] = []) {
  const {deps, signal, ui} = newProcess(at, {answers})
  return {report: await setFederation(setRequestOf(request), deps, signal), ui}
}

const codesOf = ({guarded}: SetReport): readonly string[] =>
  guarded === undefined
    ? []
    : [...guarded.blockers.entries()].map(
        ([, {code, item}]) => `${code}${item === undefined ? '' : ` ${item}`}`,
      )

const records = () => federationRecords(new MemoryJournal(at.clock, at.store), at.sandbox.tenantId)

describe('set reject', () => {
  it('lists everything that stands in the way, and writes nothing', async () => {
    await begin()
    const {report} = await set({accept: [], emergencyAccount: undefined, dependencies: undefined})
    expect(report.refused).toBe(true)
    expect(codesOf(report)).toEqual([
      'dependencies-unknown',
      'emergency-account-missing',
      'no-usable-method bob@contoso.com',
      'not-migrated admin@contoso.com',
      'not-migrated ann@contoso.com',
      'not-migrated bob@contoso.com',
    ])
    expect([at.writes(), at.store.runs.size]).toEqual([0, 0])
  })

  it('sets the domain once all is in order or accepted, and keeps the original', async () => {
    await begin()
    const {report} = await set({supportsMfa: true})
    expect(report).toMatchObject({refused: false, writes: 1, visible: true})
    expect(at.behaviors()).toEqual({
      'contoso.com': 'rejectMfaByFederatedIdp',
      'example.com': 'enforceMfaByFederatedIdp',
    })
    const record = (await records()).get('contoso.com')
    expect(record).toMatchObject({original: null, supportsMfa: true, last: {to: 'rejectMfaByFederatedIdp'}})
    expect(record?.last.effectiveBy).toBe(report.effectiveBy)
    const {report: again} = await set({to: 'acceptIfMfaDoneByFederatedIdp', yes: true, confirm: undefined})
    expect(again.writes).toBe(1)
    expect((await records()).get('contoso.com')).toMatchObject({
      original: null,
      last: {to: 'acceptIfMfaDoneByFederatedIdp'},
    })
  })

  it('writes nothing where it is set already, whatever stands in the way', async () => {
    await begin()
    await set()
    const writes = at.writes()
    const {report} = await set({accept: [], emergencyAccount: undefined, confirm: undefined})
    expect(report).toMatchObject({refused: false, writes: 0})
    expect([at.writes() - writes, at.store.runs.size]).toEqual([0, 1])
  })

  it('writes nothing in a dry run', async () => {
    await begin()
    const {report} = await set({dryRun: true})
    expect(report).toMatchObject({refused: false, dryRun: true, writes: 0})
    expect([at.writes(), at.store.runs.size]).toEqual([0, 0])
  })

  it.each([
    ['nobody@contoso.onmicrosoft.com', 'emergency-account-unknown'],
    ['keyless@contoso.onmicrosoft.com', 'emergency-account-no-method'],
    ['off@contoso.onmicrosoft.com', 'emergency-account-disabled'],
    ['synced@contoso.onmicrosoft.com', 'emergency-account-synced'],
    ['admin@contoso.com', 'emergency-account-federated'],
  ])('does not take %s for an emergency account: %s', async (emergencyAccount, code) => {
    await begin()
    const {report} = await set({emergencyAccount})
    expect(codesOf(report)).toEqual([`${code} ${emergencyAccount}`])
    expect(at.writes()).toBe(0)
  })

  it.each(['emergency-account-missing', 'emergency-account-no-method', 'users-not-named', 'everything'])(
    'does not let --accept %s waive it',
    async (code) => {
      await begin()
      await expect(set({accept: [code]})).rejects.toMatchObject({code: 'BAD_ACCEPT', exit: 'usage'})
      expect(at.writes()).toBe(0)
    },
  )

  it('wants to know who signs in through the domain', async () => {
    await begin()
    const {report} = await set({allUsers: false})
    expect(codesOf(report)).toEqual(['users-not-named'])
  })

  it('counts users of the domain whom the group leaves out', async () => {
    await begin()
    const {report} = await set({allUsers: false, group: 'MFA pilot'})
    expect(report.guarded?.checked).toBe(2)
    expect(codesOf(report)).toEqual(['users-not-checked'])
    const {report: whole} = await set({allUsers: false, group: 'Everybody', dryRun: true})
    expect([whole.guarded?.checked, codesOf(whole)]).toEqual([3, []])
  })

  it('takes each open dependency by its own code', async () => {
    await begin()
    const dependencies = [
      {id: 'C2', detail: 'a RADIUS client'},
      {id: 'C6', detail: 'a policy of AD FS'},
    ]
    const accept = ['not-migrated', 'no-usable-method', 'dependency-C2']
    const {report} = await set({dependencies, accept})
    expect(codesOf(report)).toEqual(['dependency-C6 C6'])
    expect((await set({dependencies, accept: [...accept, 'DEPENDENCY-c6']})).report.writes).toBe(1)
  })
})

describe('the one-way door', () => {
  it('is refused in a pipeline without the name of the domain, also with --yes', async () => {
    await begin()
    const refused = set({confirm: undefined, yes: true})
    await expect(refused).rejects.toMatchObject({code: 'ONE_WAY_DOOR', exit: 'refused'})
    await expect(set({confirm: 'example.com'})).rejects.toMatchObject({exit: 'refused'})
    expect(at.writes()).toBe(0)
  })

  it('opens at a terminal for who types the name, and for nobody else', async () => {
    await begin()
    await expect(set({confirm: undefined}, ['yes'])).rejects.toMatchObject({exit: 'declined'})
    expect(at.writes()).toBe(0)
    const {report, ui} = await set({confirm: undefined}, ['Contoso.com '])
    expect(report.writes).toBe(1)
    expect(ui.questions).toHaveLength(1)
  })

  it('is behind those who were set before: a plain question, or --yes', async () => {
    await begin()
    const request = {domain: 'example.com', to: 'acceptIfMfaDoneByFederatedIdp', confirm: undefined} as const
    await expect(set(request, [false])).rejects.toMatchObject({exit: 'declined'})
    expect(at.writes()).toBe(0)
    expect((await set(request, [true])).report.writes).toBe(1)
    expect((await records()).get('example.com')?.original).toBe('enforceMfaByFederatedIdp')
  })
})

describe('set enforce and accept', () => {
  it('enforce wants a word that MFA works on-premises', async () => {
    await begin()
    const {report} = await set({to: 'enforceMfaByFederatedIdp', accept: []})
    expect([report.refused, codesOf(report), at.writes()]).toEqual([true, ['onprem-mfa'], 0])
    expect(
      (await set({to: 'enforceMfaByFederatedIdp', accept: ['onprem-mfa'], emergencyAccount: undefined}))
        .report.writes,
    ).toBe(1)
  })

  it('accept looks at nobody', async () => {
    await begin()
    const request = {to: 'acceptIfMfaDoneByFederatedIdp', accept: [], allUsers: false} as const
    expect((await set({...request, emergencyAccount: undefined})).report).toMatchObject({
      writes: 1,
      guarded: {checked: 0},
    })
  })
})

describe('the domain', () => {
  it.each([
    ['fabrikam.com', 'NO_SUCH_DOMAIN'],
    ['contoso.onmicrosoft.com', 'NOT_FEDERATED'],
  ])('%s is refused: %s', async (domain, code) => {
    await begin()
    await expect(set({domain})).rejects.toMatchObject({code, exit: 'usage'})
  })

  it('is found in any letter case', async () => {
    await begin()
    expect((await set({domain: 'CONTOSO.COM', confirm: 'Contoso.com'})).report.domain.domain).toBe(
      'contoso.com',
    )
  })

  it('that somebody else changes meanwhile is left alone', async () => {
    await begin()
    const first = setRequestOf({
      async preview() {
        await set({to: 'acceptIfMfaDoneByFederatedIdp'})
      },
    })
    const {deps, signal} = newProcess(at)
    await expect(setFederation(first, deps, signal)).rejects.toMatchObject({
      code: 'DOMAIN_CHANGED',
      exit: 'stale',
    })
    expect(at.behaviors()['contoso.com']).toBe('acceptIfMfaDoneByFederatedIdp')
  })
})

describe('faults and kills', () => {
  it.each([
    ['answers that are lost', {lost: 0.4, seed: 3}],
    ['reads that lag behind', {consistency: 1500}],
    ['throttling', {throttle: 0.3, seed: 5}],
  ])('is set once, with %s', async (_, faults) => {
    await begin({faults})
    await set()
    expect(at.behaviors()['contoso.com']).toBe('rejectMfaByFederatedIdp')
    expect((await records()).get('contoso.com')?.original).toBeNull()
    expect((await set()).report.writes).toBe(0)
  })

  it('killed at any step, the same command ends as one that is not', {timeout: 120_000}, async () => {
    await begin()
    const whole = newProcess(at)
    await setFederation(setRequestOf(), whole.deps, whole.signal)
    const wanted = at.sandbox.dump()
    const count = whole.steps()
    expect(count).toBeGreaterThan(20)
    for (let nth = 1; nth <= count; nth++) {
      await at.sandbox.stop()
      await begin()
      const dying = newProcess(at, {dieAt: nth})
      await expect(setFederation(setRequestOf(), dying.deps, dying.signal)).rejects.toThrow('killed')
      await set()
      expect({nth, dump: at.sandbox.dump()}).toEqual({nth, dump: wanted})
      expect({nth, writes: at.writes()}).toEqual({nth, writes: 1})
      const record = (await records()).get('contoso.com')
      expect({nth, record}).toMatchObject({
        nth,
        record: {original: null, last: {to: 'rejectMfaByFederatedIdp'}},
      })
      expect({nth, by: record?.last.effectiveBy}).toEqual({nth, by: expect.any(String)})
      const statuses = [...at.store.runs.values()].map(({status}) => status)
      expect({nth, statuses}).toEqual({nth, statuses: ['finished']})
    }
  })
})
