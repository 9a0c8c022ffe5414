import {afterEach, describe, expect, it} from 'vitest'

import {federationRecords} from '../../src/lib/changes/federation-changes.js'
import {setFederation, type SetRequest} from '../../src/lib/federation/set-federation.js'
import {type MfaError} from '../../src/lib/errors/mfa-error.js'
import {BEHAVIOR_OF} from '../../src/lib/model/mfa-behavior.js'
import type {RunRecord} from '../../src/lib/ports/journal.js'
import type {RollbackReport, RollbackRequest} from '../../src/lib/rollback/request.js'
import {rollback} from '../../src/lib/rollback/rollback.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import {MemoryJournal} from '../fakes/memory-journal.js'
import {FEDERATED} from '../fixtures/federated-tenant.js'
import {
  type FederationWorld,
  federationWorld,
  newProcess,
  type Process,
  rollbackRequestOf,
  setRequestOf,
} from '../helpers/federation-world.js'

let at: FederationWorld
afterEach(() => at.sandbox.stop())

/** After the cut-over: contoso.com rejects, staged rollout is on. */
async function cutOver(request: Partial<SetRequest> = {}, faults?: Faults) {
  at = await federationWorld(faults === undefined ? {} : {faults})
  const {deps, signal} = newProcess(at)
  await setFederation(setRequestOf(request), deps, signal)
}

async function back(request: Partial<RollbackRequest> = {}, answers: (boolean | string)[] = []) {
  const {deps, signal, ui} = newProcess(at, {answers})
  const report = await rollback(rollbackRequestOf(request), deps, signal)
  return {report, ui}
}

const RUN = {id: 'RUN1', kind: 'migrate'} as unknown as RunRecord
const states = ({steps}: RollbackReport) => steps.map(({id, state}) => `${id} ${state}`)
const rollouts = () =>
  at.sandbox
    .dump()
    .featureRolloutPolicies?.map(({displayName, isEnabled}) => [displayName, isEnabled] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
const DAY = 24 * 60 * 60 * 1000
const SERVER = ['uninstall', 'restore-data', 'install-previous', 'confirm-service']
const DONE = [
  ...SERVER.map((id) => `${id} done`),
  'federation:contoso.com done',
  'federation:example.com done',
  'rollout done',
]

describe('the whole way back', () => {
  it('shows its steps first and writes nothing in a dry run, without any attestation', async () => {
    await cutOver()
    const writes = at.writes()
    const {report} = await back({dryRun: true, accept: [], yes: false})
    expect(states(report)).toEqual([
      ...SERVER.map((id) => `${id} open`),
      'federation:contoso.com open',
      'federation:example.com done',
      'rollout open',
    ])
    expect([report.finished, at.writes(), at.store.runs.size]).toEqual([false, writes, 1])
  })

  it('is refused without a word that MFA works on-premises', async () => {
    await cutOver()
    const writes = at.writes()
    await expect(back({accept: []})).rejects.toMatchObject({code: 'ROLLBACK_REFUSED', exit: 'refused'})
    expect([at.writes(), at.store.runs.size]).toEqual([writes, 1])
  })

  it('puts back the explicit equivalent of what was never set, and turns MFA rollout off', async () => {
    await cutOver()
    const {report} = await back()
    expect([report.finished, states(report)]).toEqual([true, DONE])
    expect(at.behaviors()).toEqual({
      'contoso.com': 'acceptIfMfaDoneByFederatedIdp',
      'example.com': 'enforceMfaByFederatedIdp',
    })
    expect(rollouts()).toEqual([
      ['MFA rollout', false],
      ['Passwords', true],
    ])
    const {featureRolloutPolicies: policies = []} = at.sandbox.dump()
    expect(policies.flatMap(({groups = []}) => groups)).toHaveLength(1)
  })

  it.each([
    ['what the old flag said', {supportsMfa: true}, {}, 'enforceMfaByFederatedIdp'],
    ['what --to asks', {}, {to: 'enforce'}, 'enforceMfaByFederatedIdp'],
  ] as const)('puts back %s', async (_, set, request, wanted) => {
    await cutOver(set)
    await back(request)
    expect(at.behaviors()['contoso.com']).toBe(wanted)
  })

  it('puts back the recorded value, and enforce where there is no record', async () => {
    await cutOver({
      domain: 'example.com',
      to: 'acceptIfMfaDoneByFederatedIdp',
      confirm: undefined,
      yes: true,
    })
    await back()
    expect(at.behaviors()).toEqual({'contoso.com': null, 'example.com': 'enforceMfaByFederatedIdp'})
    at.store.runs.clear()
    at.store.actions.length = 0
    const {deps, signal} = newProcess(at)
    const {path} = {path: '/domains/example.com/federationConfiguration'}
    const ask = (method: string, below: string, body?: unknown) =>
      fetch(`${at.sandbox.rootUrl}/v1.0${below}`, {
        method,
        headers: {
          Authorization: `Bearer ${at.sandbox.issueToken()}`,
          'Content-Type': 'application/json',
        },
        ...(body === undefined ? {} : {body: JSON.stringify(body)}),
      })
    const [{id}] = ((await (await ask('GET', path)).json()) as {value: [{id: string}]}).value
    await ask('PATCH', `${path}/${id}`, {federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp'})
    await rollback(rollbackRequestOf(), deps, signal)
    expect(at.behaviors()).toEqual({'contoso.com': null, 'example.com': 'enforceMfaByFederatedIdp'})
  })

  it.each([
    ['nobody has recorded', {}, 'enforceMfaByFederatedIdp'],
    ['nobody has recorded, and --to said where', {to: 'accept'}, 'acceptIfMfaDoneByFederatedIdp'],
  ] as const)('stays back the second time, from a reject that %s', async (_, request, wanted) => {
    const domains = FEDERATED.domains.map((domain) =>
      typeof domain === 'string' ? domain : {...domain, federatedIdpMfaBehavior: BEHAVIOR_OF.reject},
    )
    at = await federationWorld({tenant: {...FEDERATED, domains}})
    await back(request)
    expect(at.behaviors()['contoso.com']).toBe(wanted)
    const writes = at.writes()
    expect(states((await back()).report)).toEqual(DONE)
    expect([at.behaviors()['contoso.com'], at.writes()]).toEqual([wanted, writes])
    const {deps, signal} = newProcess(at)
    await setFederation(setRequestOf({yes: true}), deps, signal)
    await back()
    expect(at.behaviors()['contoso.com']).toBe(wanted)
  })

  it('never goes to reject by itself, whatever was there first', async () => {
    const domains = FEDERATED.domains.map((domain) =>
      typeof domain === 'string' ? domain : {...domain, federatedIdpMfaBehavior: BEHAVIOR_OF.reject},
    )
    at = await federationWorld({tenant: {...FEDERATED, domains}})
    const {deps, signal} = newProcess(at)
    await setFederation(setRequestOf({to: BEHAVIOR_OF.accept, yes: true}), deps, signal)
    await back()
    expect(at.behaviors()['contoso.com']).toBe(BEHAVIOR_OF.enforce)
  })

  it('writes nothing the second time', async () => {
    await cutOver()
    await back()
    const writes = at.writes()
    const runs = at.store.runs.size
    const {report} = await back({yes: false})
    expect([report.finished, at.writes(), at.store.runs.size]).toEqual([true, writes, runs])
  })

  it('begins anew after a change that goes forward, and with --again', async () => {
    await cutOver()
    await back()
    const {deps, signal} = newProcess(at)
    await setFederation(setRequestOf({yes: true}), deps, signal)
    expect(states((await back({dryRun: true})).report).slice(0, 4)).toEqual(SERVER.map((id) => `${id} open`))
    await back()
    const asked: string[] = []
    await back({again: true, reached: ({id}) => asked.push(id)})
    expect(asked).toEqual(SERVER)
    expect(at.behaviors()['contoso.com']).toBe('acceptIfMfaDoneByFederatedIdp')
  })

  it('keeps the first original through many changes', async () => {
    await cutOver()
    await back({to: 'enforce'})
    const {deps, signal} = newProcess(at)
    await setFederation(setRequestOf({yes: true}), deps, signal)
    await back()
    expect(at.behaviors()['contoso.com']).toBe('acceptIfMfaDoneByFederatedIdp')
    const journal = new MemoryJournal(at.clock, at.store)
    expect((await federationRecords(journal, at.sandbox.tenantId)).get('contoso.com')?.original).toBeNull()
  })

  it('leaves other domains alone with --domain, and knows no domain that is not federated', async () => {
    await cutOver()
    const {report} = await back({domains: ['EXAMPLE.com']})
    expect(states(report)).not.toContain('federation:contoso.com done')
    expect(at.behaviors()['contoso.com']).toBe('rejectMfaByFederatedIdp')
    await expect(back({domains: ['contoso.onmicrosoft.com']})).rejects.toMatchObject({exit: 'usage'})
  })

  it('takes a domain through the one-way door only by its name', async () => {
    at = await federationWorld()
    expect(states((await back({dryRun: true})).report)).toContain('federation:contoso.com not-needed')
    const refused = back({to: 'enforce'})
    await expect(refused).rejects.toMatchObject({code: 'ONE_WAY_DOOR', exit: 'refused'})
    expect(at.behaviors()['contoso.com']).toBeNull()
    await back({to: 'enforce', confirm: ['contoso.com']})
    expect(at.behaviors()['contoso.com']).toBe('enforceMfaByFederatedIdp')
  })
})

describe('steps', () => {
  it('are asked for one by one, and wait for the one before', async () => {
    await cutOver()
    const stopped = back({yes: false}, [true, true, false])
    await expect(stopped).rejects.toMatchObject({
      exit: 'declined',
      message: expect.stringContaining('on record'),
    })
    const {report} = await back({dryRun: true})
    expect(states(report).slice(0, 4)).toEqual([
      'uninstall done',
      'restore-data done',
      'install-previous open',
      'confirm-service open',
    ])
    expect(at.behaviors()['contoso.com']).toBe('rejectMfaByFederatedIdp')
    const {ui} = await back({yes: false}, [true, true, true, true])
    expect(ui.questions).toHaveLength(4)
    expect(at.behaviors()['contoso.com']).toBe('acceptIfMfaDoneByFederatedIdp')
  })

  it('without a terminal name the flag', async () => {
    await cutOver()
    const error = await back({yes: false}).catch((thrown: unknown) => thrown as MfaError)
    expect(error).toMatchObject({exit: 'usage', fix: expect.stringContaining('--yes')})
  })

  it('can be done one at a time, in their order', async () => {
    await cutOver()
    await expect(back({step: 'federation'})).rejects.toMatchObject({code: 'STEP_WAITS', exit: 'refused'})
    await back({step: 'server'})
    expect(rollouts()?.[0]).toEqual(['MFA rollout', true])
    await expect(back({step: 'rollout'})).rejects.toMatchObject({code: 'STEP_WAITS'})
    const {report} = await back({step: 'federation:contoso.com'})
    expect(report.finished).toBe(false)
    expect((await back({step: 'rollout'})).report.finished).toBe(true)
    await expect(back({step: 'coffee'})).rejects.toMatchObject({code: 'NO_SUCH_STEP', exit: 'usage'})
  })

  it('can be skipped, with the reason on record', async () => {
    await cutOver()
    const skip = [
      {step: 'server', why: 'never upgraded'},
      {step: 'rollout', why: 'somebody else does it'},
    ]
    const {report} = await back({skip})
    expect([report.finished, states(report)]).toEqual([
      true,
      [
        ...SERVER.map((id) => `${id} skipped`),
        'federation:contoso.com done',
        'federation:example.com done',
        'rollout skipped',
      ],
    ])
    expect(rollouts()?.[0]).toEqual(['MFA rollout', true])
    const says = at.store.actions.map(({intent}) => String(intent['says']))
    expect(says).toContain('skip "Turn staged rollout of MFA off": somebody else does it')
  })

  it('ask nobody to sign in for what is skipped', async () => {
    await cutOver()
    const {deps, signal} = newProcess(at)
    const noPerson = {
      ...deps,
      rollout: async () => {
        throw new Error('a person was asked to sign in')
      },
    }
    const skip = [{step: 'rollout', why: 'no person there'}]
    expect((await rollback(rollbackRequestOf({skip}), noPerson, signal)).finished).toBe(true)
    expect((await rollback(rollbackRequestOf(), noPerson, signal)).finished).toBe(true)
  })

  it('undo methods at once only where the operator accepts it, or nothing is pending', async () => {
    at = await federationWorld()
    const {deps, signal} = newProcess(at)
    const undone: string[] = []
    const withUndo = {
      ...deps,
      undo: async (run: RunRecord) => ({run: String(undone.push(run.id)), failed: 0}),
    }
    const request = rollbackRequestOf({undo: [RUN], skip: [{step: 'rollout', why: 'not here'}]})
    await rollback(request, withUndo, signal)
    expect(undone).toEqual(['RUN1'])
    await at.sandbox.stop()
    await cutOver()
    const other = newProcess(at)
    const again = {...other.deps, undo: withUndo.undo}
    const accept = ['onprem-mfa', 'undo-early']
    await rollback(rollbackRequestOf({undo: [RUN], accept}), again, other.signal)
    expect(undone).toEqual(['RUN1', 'RUN1'])
  })

  it('undo runs last, each once, and fail where users could not be put back', async () => {
    await cutOver()
    const {deps, signal} = newProcess(at)
    const undone: string[] = []
    let failed = 1
    const withUndo: Process['deps'] = {
      ...deps,
      async undo({id}) {
        undone.push(id)
        expect(at.behaviors()['contoso.com']).toBe('acceptIfMfaDoneByFederatedIdp')
        const start = {tenantId: at.sandbox.tenantId, sourceLabel: '', sourceFingerprint: '', resumeKey: 'u'}
        const began = await deps.journal.beginRun({
          ...start,
          kind: 'undo',
          options: {undoes: id, users: []},
          startedAt: at.clock.now().toISOString(),
        })
        await deps.journal.endRun(began.run.id, 'finished', {failed, partly: 0}, at.clock.now().toISOString())
        return {run: began.run.id, failed}
      },
    }
    const request = rollbackRequestOf({undo: [RUN]})
    const early = rollback(request, withUndo, signal)
    await expect(early).rejects.toMatchObject({code: 'UNDO_EARLY', exit: 'refused'})
    expect([undone, rollouts()?.[0]?.[1]]).toEqual([[], false])
    at.clock.advance(DAY - 1000)
    await expect(rollback(request, withUndo, signal)).rejects.toMatchObject({code: 'UNDO_EARLY'})
    at.clock.advance(2000)
    await expect(rollback(request, withUndo, signal)).rejects.toMatchObject({
      code: 'UNDO_PARTLY',
      exit: 'partial',
    })
    failed = 0
    expect(states(await rollback(request, withUndo, signal))).toEqual([...DONE, 'undo:RUN1 done'])
    await rollback(request, withUndo, signal)
    expect(undone).toEqual(['RUN1', 'RUN1'])
  })
})

describe('faults and kills', () => {
  it.each([
    ['answers that are lost', {lost: 0.2, seed: 3}],
    ['reads that lag behind', {consistency: 1500}],
  ])('ends in the same place, with %s', async (_, faults) => {
    await cutOver({}, faults)
    await back()
    at.clock.advance(2000)
    expect(states((await back()).report)).toEqual(DONE)
  })

  it('killed at any step, the same command ends as one that is not', {timeout: 120_000}, async () => {
    await cutOver()
    const whole = newProcess(at)
    await rollback(rollbackRequestOf(), whole.deps, whole.signal)
    const wanted = {dump: at.sandbox.dump(), writes: at.writes()}
    const count = whole.steps()
    expect(count).toBeGreaterThan(40)
    for (let nth = 1; nth <= count; nth++) {
      await at.sandbox.stop()
      await cutOver()
      const dying = newProcess(at, {dieAt: nth})
      await expect(rollback(rollbackRequestOf(), dying.deps, dying.signal)).rejects.toThrow('killed')
      const {report} = await back()
      expect({nth, states: states(report)}).toEqual({nth, states: DONE})
      expect({nth, dump: at.sandbox.dump(), writes: at.writes()}).toEqual({nth, ...wanted})
      const statuses = [...at.store.runs.values()].map(({status}) => status)
      expect({nth, open: statuses.filter((status) => status !== 'finished')}).toEqual({nth, open: []})
      const newest = new Map(at.store.actions.map(({action, outcome}) => [action, outcome?.status]))
      const others = [...newest.values()].filter((status) => status !== 'done' && status !== 'already-done')
      expect({nth, others}).toEqual({nth, others: []})
    }
  })
})
