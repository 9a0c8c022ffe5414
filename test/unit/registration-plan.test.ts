import {array, assert, boolean, constantFrom, property, record, subarray} from 'fast-check'
import {describe, expect, it} from 'vitest'

import {NEEDS as OPERATIONS} from '../../src/lib/entra/transport/permissions.js'
import type {Application, GraphPermission} from '../../src/lib/ports/app-registration.js'
import {
  covers,
  EXTRAS,
  FEATURES,
  knownPermission,
  NEEDS,
  neededFor,
  type Feature,
} from '../../src/lib/registration/features.js'
import {nextFile} from '../../src/lib/registration/rotate.js'
import {planRegistration, type RegistrationState, type Wanted} from '../../src/lib/registration/plan.js'
import {changeOf, says, type Step} from '../../src/lib/registration/steps.js'

const every = [...FEATURES.flatMap((feature) => NEEDS[feature]), ...EXTRAS]
const names = [...new Set(every.map(({permission}) => permission))]
const permissions: readonly GraphPermission[] = names.flatMap((name) => [
  {id: `role ${name}`, name, kind: 'application' as const},
  {id: `scope ${name}`, name, kind: 'delegated' as const},
])
const graph = {id: 'graph', permissions}
const facts = {
  thumbprintSha256: 'AB'.repeat(32),
  thumbprintSha1: 'CD'.repeat(20),
  subject: 'CN=mfa on host',
  notBefore: new Date('2027-01-01T00:00:00Z'),
  notAfter: new Date('2027-12-31T00:00:00Z'),
  der: 'MIIB',
}
const EMPTY: RegistrationState = {graph, grants: {roles: [], scopes: []}}
const wantedFor = (features: readonly Feature[], more: Partial<Wanted> = {}): Wanted => ({
  displayName: 'mfa',
  permissions: neededFor(features),
  certificate: {file: 'client.pem', facts, commonName: 'mfa on host', days: 365},
  ...more,
})

/** What the tenant shows after a step; nothing of the planner is used for it. */
function after(state: RegistrationState, step: Step): RegistrationState {
  const {application, grants} = state
  const must = (): Application => {
    if (application === undefined) throw new Error(`${step.kind} without an application`)
    return application
  }
  switch (step.kind) {
    case 'create-application': {
      if (application !== undefined) throw new Error('a second application')
      const {asksFor = [], isPublicClient = false, replyAddresses = []} = step.set
      const made = {objectId: 'o', appId: 'a', displayName: step.displayName, keys: [], asksFor, isPublicClient, replyAddresses} // prettier-ignore
      return {...state, application: made}
    }
    case 'change-application':
      return {...state, application: {...must(), ...(step.after as Partial<Application>)}}
    case 'create-principal':
      return {...state, principal: {id: 'p', isEnabled: true}}
    case 'add-key': {
      const {thumbprintSha256 = ''} = step.certificate ?? {}
      const key = {keyId: `key ${thumbprintSha256}`, name: 'n', thumbprintSha256}
      return {...state, application: {...must(), keys: [...must().keys, key]}}
    }
    case 'grant-role': {
      if (state.principal === undefined) throw new Error('granted to nobody')
      const role = {id: `assignment ${step.roleId}`, roleId: step.roleId}
      return {...state, grants: {...grants, roles: [...grants.roles, role]}}
    }
    case 'revoke-role':
      return {...state, grants: {...grants, roles: grants.roles.filter(({id}) => id !== step.assignmentId)}}
    case 'grant-scopes': {
      const scopes = step.after.length === 0 ? [] : [{id: 'grant', names: step.after}]
      return {...state, grants: {...grants, scopes}}
    }
    case 'make-certificate':
    case 'take-over-certificate':
    case 'write-config':
    case 'remove-key':
    case 'remove-file':
    case 'delete-principal':
    case 'delete-application':
      throw new Error(`unexpected: ${step.kind}`)
    default:
      return step satisfies never
  }
}
const carryOut = (state: RegistrationState, wanted: Wanted): RegistrationState => {
  let shown = state
  for (const step of planRegistration(state, wanted).steps) shown = after(shown, step)
  return shown
}

describe('the plan of a registration', () => {
  it('for an empty tenant does everything once, in an order that works', () => {
    const {certificate: _facts, ...wanted} = wantedFor(['federation'])
    const toMake = {file: 'client.pem', commonName: 'mfa on host', days: 365}
    const {steps} = planRegistration(EMPTY, {...wanted, certificate: toMake})
    expect(steps.map(says)).toEqual([
      'create the application "mfa"',
      "create the application's service principal, so that it can sign in",
      'make an RSA 3072 key and a self-signed certificate for 365 days in client.pem',
      'add the new certificate to the application',
      'grant Domain.Read.All to the application (admin consent)',
      'grant Domain-InternalFederation.ReadWrite.All to the application (admin consent)',
    ])
  })

  it('keeps the certificates of other machines, and says what is granted beyond need without taking it away', () => {
    const other = {keyId: 'k', name: 'CN=mfa on other', thumbprintSha256: 'EF'.repeat(32)}
    const full = carryOut(EMPTY, wantedFor(['migrate', 'audit', 'rollout']))
    const application = full.application && {...full.application, keys: [other, ...full.application.keys]}
    const plan = planRegistration({...full, application}, wantedFor(['migrate']))
    expect(plan.steps).toEqual([])
    expect(plan.beyond.map(({permission, kind}) => `${kind} ${permission}`)).toEqual([
      'application AuditLog.Read.All',
      'application Group.Create',
      'application GroupMember.ReadWrite.All',
      'delegated Directory.ReadWrite.All',
      'delegated UserAuthenticationMethod.Read.All',
    ])
    const pruned = planRegistration({...full, application}, wantedFor(['migrate'], {prune: true}))
    expect(pruned.steps.map(({kind}) => kind)).toEqual([
      'change-application',
      'grant-scopes',
      'revoke-role',
      'revoke-role',
      'revoke-role',
    ])
  })

  it('says what the cloud does not have instead of asking for it', () => {
    const poor = {
      ...EMPTY,
      graph: {...graph, permissions: permissions.filter(({name}) => name !== 'AuditLog.Read.All')},
    }
    const plan = planRegistration(poor, wantedFor(['migrate', 'audit']))
    expect(plan.unavailable.map(({permission}) => permission)).toEqual(['AuditLog.Read.All'])
    expect(
      plan.steps.some((step) => step.kind === 'grant-role' && step.permission === 'AuditLog.Read.All'),
    ).toBe(false)
  })

  const features = subarray([...FEATURES], {minLength: 1})
  it('leads from any state to one in which nothing is left to do, and never takes anything away unasked', () => {
    const begun = record({before: features, stopAfter: constantFrom(0, 1, 2, 3, 5, 8, 100), wanted: features, prune: boolean(), extra: array(constantFrom(...permissions), {maxLength: 4})}) // prettier-ignore
    assert(
      property(begun, ({before, stopAfter, wanted, prune, extra}) => {
        let state = EMPTY
        for (const step of planRegistration(EMPTY, wantedFor(before)).steps.slice(0, stopAfter))
          state = after(state, step)
        const roles = extra.filter(({kind, id}) => kind === 'application' && !state.grants.roles.some(({roleId}) => roleId === id)) // prettier-ignore
        const more = [...new Set(roles)].map(({id}) => ({id: `assignment ${id}`, roleId: id}))
        state = {...state, grants: {...state.grants, roles: [...state.grants.roles, ...more]}}
        const aim = wantedFor(wanted, {prune})
        const done = carryOut(state, aim)
        expect(planRegistration(done, aim).steps).toEqual([])
        const needed = aim.permissions.filter(({kind}) => kind === 'application')
        const has = done.grants.roles.map(({roleId}) => roleId)
        for (const {permission} of needed) expect(has).toContain(`role ${permission}`)
        // Pruned to what is needed, or added to what was there.
        const kept = prune ? [] : state.grants.roles.map(({roleId}) => roleId)
        expect(has).toEqual(expect.arrayContaining(kept))
        expect(has.length === needed.length || !prune).toBe(true)
        expect(done.application?.keys).toHaveLength(1)
      }),
      {numRuns: 300},
    )
  })

  it('gives each change an id that is the same in a later run, and no secret', () => {
    const known = {displayName: 'mfa', graphId: 'graph', objectId: 'o', appId: 'a', principalId: 'p'}
    const changes = planRegistration(EMPTY, wantedFor([...FEATURES])).steps.map((step) =>
      changeOf(step, known),
    )
    expect(new Set(changes.map(({id}) => id)).size).toBe(changes.length)
    expect(changes).toEqual(JSON.parse(JSON.stringify(changes)))
    expect(JSON.stringify(changes)).not.toContain('PRIVATE')
  })
})

describe('the permissions of features', () => {
  it('are asked for once, and not where a wider one covers them', () => {
    const asked = neededFor(['migrate', 'sync', 'readiness']).map(({permission}) => permission)
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked).toContain('UserAuthenticationMethod.ReadWrite.All')
    expect(asked).not.toContain('UserAuthenticationMethod.Read.All')
    expect(neededFor(['readiness']).map(({permission}) => permission)).toContain(
      'UserAuthenticationMethod.Read.All',
    )
  })

  it.each([
    ['User.ReadWrite.All', 'User.Read.All', true],
    ['User.Read.All', 'User.ReadWrite.All', false],
    ['UserAuthenticationMethod.ReadWrite.All', 'UserAuthMethod-Phone.ReadWrite.All', true],
    ['UserAuthenticationMethod.Read.All', 'UserAuthMethod-Phone.ReadWrite.All', false],
    ['UserAuthenticationMethod.Read.All', 'UserAuthMethod-Phone.Read.All', true],
    ['Policy.Read.All', 'Policy.Read.AuthenticationMethod', true],
    ['AuditLog.Read.All', 'User.Read.All', false],
  ])('%s covers %s: %s', (held, needed, yes) => {
    expect(covers(held, needed)).toBe(yes)
  })

  it('include whatever a refused request may name, so that mfa app grant knows it', () => {
    const named = OPERATIONS.map(([, , {permission}]) => permission)
    expect(named.length).toBeGreaterThan(10)
    const forPeople = /\(delegated only\)|^(Application|AppRoleAssignment)\.ReadWrite/
    const unknown = named.filter((name) => !forPeople.test(name) && knownPermission(name) === undefined)
    expect(unknown).toEqual([])
  })
})

it.each([
  ['/secure/client.pem', '/secure/client.new.pem'],
  ['C:\\mfa\\client.pfx', 'C:\\mfa\\client.new.pfx'],
  ['/secure.d/client', '/secure.d/client.new'],
])('the next certificate of %s waits in %s', (file, next) => {
  expect(nextFile(file)).toBe(next)
})
