import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import fc from 'fast-check'
import {afterAll, beforeAll, expect, it} from 'vitest'

import {GRAPH_PERMISSIONS} from '../../src/lib/sandbox/data/graph-permissions.js'
import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import {EMPTY} from '../fixtures/empty-tenant.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'
import {derOf, GRAPH_APP_ID, rolesOf, signInApp} from '../helpers/sandbox-app.js'

const ROLES = GRAPH_PERMISSIONS.flatMap(({value, application}) =>
  application === undefined ? [] : [{value, id: application}],
).slice(0, 6)

let folder: string
let certificate: TestCertificate
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-grants-'))
  certificate = await makeCertificate(folder, 'app')
})
afterAll(async () => {
  await rm(folder, {recursive: true})
})

type Step =
  | {readonly do: 'grant' | 'revoke'; readonly role: number}
  | {readonly do: 'wait'; readonly ms: number}
  | {readonly do: 'sign-in'}
  | {readonly do: 'start-over'}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({do: fc.constantFrom('grant', 'revoke'), role: fc.nat(ROLES.length - 1)}),
  fc.record({do: fc.constant('wait' as const), ms: fc.integer({min: 1, max: 2000})}),
  fc.record({do: fc.constant('sign-in' as const)}),
  fc.record({do: fc.constant('start-over' as const)}),
)

async function graph(sandbox: Sandbox, method: string, path: string, body?: object) {
  const response = await fetch(`${sandbox.rootUrl}/v1.0${path}`, {
    method,
    headers: {Authorization: `Bearer ${sandbox.issueToken()}`, 'Content-Type': 'application/json'},
    ...(body === undefined ? {} : {body: JSON.stringify(body)}),
  })
  const text = await response.text()
  const json = text === '' ? {} : (JSON.parse(text) as {id?: string; appId?: string})
  return {status: response.status, id: json.id ?? '', appId: json.appId ?? ''}
}

interface Checked {
  readonly got: unknown
  readonly wanted: unknown
}

/** A sandbox with one application, next to a model of what was granted to it and when. */
async function openWorld(lag: number) {
  let time = Date.now()
  const sandbox = await startSandbox({
    stateFile: ':memory:',
    tenant: EMPTY,
    now: () => new Date(time),
    faults: {consistency: lag},
  })
  const key = {type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(certificate)}
  const app = await graph(sandbox, 'POST', '/applications', {displayName: 'app', keyCredentials: [key]})
  const resource = await graph(sandbox, 'GET', `/servicePrincipals(appId='${GRAPH_APP_ID}')`)
  time += lag
  let own = await graph(sandbox, 'POST', '/servicePrincipals', {appId: app.appId})
  time += lag
  const NOTHING = {at: 0, roles: new Map<string, string>()}
  /** Roles with the ids of their assignments, from a moment on. */
  let history = [NOTHING]
  const current = () => history.at(-1)?.roles ?? NOTHING.roles
  const shown = () => history.findLast(({at}) => at <= time - lag)?.roles ?? NOTHING.roles

  const grant = async (value: string, appRoleId: string): Promise<Checked> => {
    const wanted = current().has(value) ? 400 : 201
    const {status: got, id} = await graph(
      sandbox,
      'POST',
      `/servicePrincipals/${resource.id}/appRoleAssignedTo`,
      {principalId: own.id, resourceId: resource.id, appRoleId},
    )
    if (wanted === 201) history.push({at: time, roles: new Map(current()).set(value, id)})
    return {got, wanted}
  }
  const revoke = async (value: string): Promise<Checked> => {
    const id = current().get(value) ?? 'none'
    // What is not seen yet cannot be taken away.
    const wanted = current().has(value) && shown().get(value) === id ? 204 : 404
    const {status: got} = await graph(
      sandbox,
      'DELETE',
      `/servicePrincipals/${own.id}/appRoleAssignments/${id}`,
    )
    const roles = new Map(current())
    if (wanted === 204 && roles.delete(value)) history.push({at: time, roles})
    return {got, wanted}
  }
  const startOver = async (): Promise<Checked> => {
    const gone = await graph(sandbox, 'DELETE', `/servicePrincipals/${own.id}`)
    own = await graph(sandbox, 'POST', '/servicePrincipals', {appId: app.appId})
    time += lag
    history = [NOTHING]
    return {got: [gone.status, own.status], wanted: [204, 201]}
  }
  const signIn = async (): Promise<Checked> => {
    const {status, token} = await signInApp(sandbox, app.appId, certificate, {at: time})
    const roles = [...shown().keys()].sort((a, b) => (a < b ? -1 : 1))
    return {got: [status, rolesOf(token)], wanted: [200, roles]}
  }
  return {
    take: async (each: Step): Promise<Checked> => {
      // Two changes in one moment could not be told apart.
      time += each.do === 'wait' ? each.ms : 1
      if (each.do === 'wait' || each.do === 'sign-in') return signIn()
      if (each.do === 'start-over') return startOver()
      const role = ROLES[each.role] ?? {value: '', id: ''}
      return each.do === 'grant' ? grant(role.value, role.id) : revoke(role.value)
    },
    stop: () => sandbox.stop(),
  }
}

it('a token has exactly the roles that were granted when the directory last knew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, {maxLength: 25}), fc.constantFrom(0, 1000), async (steps, lag) => {
      const world = await openWorld(lag)
      try {
        for (const each of steps) {
          const {got, wanted} = await world.take(each)
          expect(got, each.do).toEqual(wanted)
        }
      } finally {
        await world.stop()
      }
    }),
    {numRuns: 40},
  )
}, 60_000)
