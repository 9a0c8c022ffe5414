import {randomUUID} from 'node:crypto'

import {MfaError} from '../../errors/mfa-error.js'
import type {Clock} from '../../ports/clock.js'
import {GraphError} from './graph-error.js'
import type {GraphAnswer, GraphMethod, GraphRequest, GraphVersion} from './graph-request.js'

/** One request and what came of it, repeats included, for traces. Nothing in it tells whom it was about. */
export interface RequestDone {
  readonly method: GraphMethod
  readonly version: GraphVersion
  /** As `routeOf`. */
  readonly route: string
  /** HTTP status of the last answer; undefined where there was none. */
  readonly status?: number | undefined
  /** What it failed with: Graph's code, or ours. */
  readonly error?: string | undefined
  /** How often it was sent. */
  readonly attempts: number
  /** Milliseconds waited before repeats; of these, because the service throttled. */
  readonly waitedMs: number
  readonly throttledMs: number
  /** From being asked for to its end, waiting for its turn included. */
  readonly ms: number
  /** Of the last attempt. */
  readonly requestId?: string | undefined
  readonly clientRequestId?: string | undefined
}

/** What is found out on the way. */
export interface Tally {
  status?: number | undefined
  attempts: number
  waitedMs: number
  throttledMs: number
  requestId?: string | undefined
  clientRequestId?: string | undefined
}

type Run = (request: GraphRequest, signal: AbortSignal, tally?: Tally) => Promise<GraphAnswer>

/** As `run`, and `done` hears of each request at its end; without `done` it is `run` itself. */
export function watched(run: Run, done: ((request: RequestDone) => void) | undefined, clock: Clock): Run {
  if (done === undefined) return run
  return async (request, signal) => {
    const {method, version} = request
    const began = clock.monotonic()
    const tally: Tally = {attempts: 0, waitedMs: 0, throttledMs: 0}
    let error: string | undefined
    try {
      return await run(request, signal, tally)
    } catch (thrown) {
      error = codeOf(thrown)
      throw thrown
    } finally {
      done({method, version, route: routeOf(request.path), ...tally, ms: clock.monotonic() - began, error})
    }
  }
}

/** The same request under an id of this attempt, which `tally` remembers. */
export function counted(request: GraphRequest, tally: Tally | undefined): GraphRequest {
  if (tally === undefined) return request
  const id = randomUUID()
  tally.attempts += 1
  tally.clientRequestId = id
  return {...request, headers: {...request.headers, 'client-request-id': id}}
}

/** Codes are words; whatever else stands in their place is not passed on. */
function codeOf(error: unknown): string {
  const code = error instanceof GraphError ? error.graphCode : error instanceof MfaError ? error.code : ''
  return /^\w[\w.-]{0,79}$/.test(code) ? code : 'other'
}

/** The words of the paths that are asked for. Whatever is not among them was put in: an id, a name, a domain. */
const WORDS: ReadonlySet<string> = new Set([
  'activate',
  'addKey',
  'applications',
  'appliesTo',
  'appRoleAssignedTo',
  'appRoleAssignments',
  'auditLogs',
  'authentication',
  'authenticationMethodConfigurations',
  'authenticationMethodDevices',
  'authenticationMethodsPolicy',
  'deactivate',
  'directory',
  'directoryAudits',
  'directoryRoles',
  'disableSmsSignIn',
  'domains',
  'featureRolloutPolicies',
  'federationConfiguration',
  'groups',
  'hardwareOath',
  'hardwareOathDevices',
  'hardwareOathMethods',
  'members',
  'methods',
  'microsoft.graph.user',
  'oauth2PermissionGrants',
  'organization',
  'phoneMethods',
  'policies',
  'removeKey',
  'servicePrincipals',
  'signInPreferences',
  'temporaryAccessPass',
  'temporaryAccessPassMethods',
  'transitiveMembers',
  'users',
  '$ref',
])

/** `/users/{id}/authentication/phoneMethods/{id}` of a path: without query, and without anything that was put into it. */
export function routeOf(path: string): string {
  const [bare = ''] = path.split('?')
  return bare
    .split('/')
    .map((segment) => {
      const [word = ''] = segment.split('(')
      if (segment === '') return ''
      if (!WORDS.has(word)) return '{id}'
      return word === segment ? word : `${word}({id})`
    })
    .join('/')
}
