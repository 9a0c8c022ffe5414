import {randomUUID} from 'node:crypto'

import {answerBatch} from './batch.js'
import type {Answer, Call, GraphVersion} from './call.js'
import {mustBeAllowed, type Caller} from './caller.js'
import {createDice, createQuota, keyRules} from './faults.js'
import type {Faults, Mishap} from './faults.js'
import {errorBody, GraphFault} from './graph-fault.js'
import {createRouter} from './router.js'
import type {Match} from './router.js'
import {ROUTES} from './routes.js'
import type {Counter} from './stats.js'
import type {Store} from './store.js'

/** One operation as it came, alone or as an item of a batch. */
export interface GraphRequest {
  readonly version: GraphVersion
  readonly method: string
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly caller: Caller
}

/** `hung-up`: the connection is closed without an answer. */
export type Result = Answer | 'hung-up'

export interface Engine {
  /** Answers; never throws. Changes are made in one transaction a request, one an item in a batch. */
  handle(request: GraphRequest): Result
}

/** An operation that was dealt with, before its answer is on its way. */
export interface SeenOperation {
  readonly method: string
  /** Below the version, as sent; `/$batch` after its items. */
  readonly path: string
  readonly body: unknown
  /** It asks for a change. */
  readonly writes: boolean
  /** What it came to, whatever the caller is told. Undefined where a fault came before. */
  readonly status: number | undefined
  /** What went wrong with it on purpose. */
  readonly mishap: Mishap | undefined
}

export interface EngineParts {
  readonly store: Store
  readonly faults: Faults
  readonly counter: Counter
  readonly now: () => Date
  /** When something happens, in ms; shared by all that write to or read from the store. */
  readonly momentOf: (at: Date) => number
  readonly root: () => string
  /** Directory roles of the person who signs in. */
  readonly personRoles: readonly string[]
  readonly onOperation?: ((seen: SeenOperation) => void) | undefined
}

const BATCH_PATH = '/$batch'
const SERVER_ERRORS = [
  [500, 'Service_InternalServerError'],
  [502, 'BadGateway'],
  [503, 'ServiceUnavailable'],
  [504, 'GatewayTimeout'],
] as const

export function createEngine({
  store,
  faults,
  counter,
  now,
  momentOf,
  root,
  personRoles,
  onOperation,
}: EngineParts): Engine {
  const router = createRouter(ROUTES)
  const dice = createDice(faults)
  const quota = createQuota(faults.writesPerSecond)
  const keep = faults.consistency ?? 0
  const failing = new Set((faults.failUser ?? []).map((name) => name.toLowerCase()))

  const tooMany = (bare: boolean): Answer => {
    counter.throttled()
    const fault = new GraphFault(429, 'TooManyRequests', 'Too many requests.')
    return {status: 429, fault, ...(bare ? {} : {headers: {'Retry-After': String(faults.retryAfter ?? 1)}})}
  }

  const before = (mishap: Mishap | undefined): Result | undefined => {
    if (mishap === 'throttle' || mishap === 'bareThrottle') return tooMany(mishap === 'bareThrottle')
    if (mishap === 'reset') return 'hung-up'
    if (mishap !== 'error') return undefined
    const [status, code] = SERVER_ERRORS[dice.pick(SERVER_ERRORS.length)] ?? SERVER_ERRORS[0]
    return {status, fault: new GraphFault(status, code, 'The service failed.')}
  }

  const lost = (): Result =>
    dice.pick(2) === 0
      ? 'hung-up'
      : {status: 504, fault: new GraphFault(504, 'GatewayTimeout', 'The answer did not arrive in time.')}

  const answer = (request: GraphRequest, match: Match): Answer => {
    mustBeAllowed(request.caller, match.route)
    const at = now()
    const moment = momentOf(at)
    const call: Call = {
      ...request,
      store,
      root: root(),
      params: match.params,
      now: at,
      seenAt: moment - keep,
      moment: {at: moment, keep},
      failing,
      rules: keyRules(faults),
      auditDelay: faults.auditDelay ?? 0,
      personRoles,
    }
    return request.method === 'GET'
      ? match.route.handler(call)
      : store.transaction(() => match.route.handler(call))
  }

  const one = (request: GraphRequest): Result => {
    const match = router.match(request.version, request.method, request.path)
    const writes = request.method !== 'GET' && match.route.reads !== true
    counter.arrived(`${request.method} ${match.route.template}`, writes)
    const mishap = dice.next()
    const tell = (status?: number): void => onOperation?.({...seen(request, mishap), writes, status})
    const early = before(mishap)
    if (early !== undefined || (writes && !quota.take())) {
      tell()
      return early ?? tooMany(false)
    }
    const result = telling(tell, () => answer(request, match))
    return mishap === 'lost' ? lost() : writes ? withUse(result, quota.used()) : result
  }

  const batch = (request: GraphRequest): Result => {
    counter.arrived(`POST ${BATCH_PATH}`, false)
    const mishap = dice.next()
    const tell = (status?: number): void => onOperation?.({...seen(request, mishap), writes: false, status})
    const early = before(mishap)
    if (early !== undefined) {
      tell()
      return early
    }
    const result = answerBatch(request, (item) => {
      const inner = ended(item, () => one(item))
      // A batch has one connection: what would close it comes back as 504 of the item.
      return inner === 'hung-up' ? finish({status: 504, fault: timedOut()}, item) : inner
    })
    tell(result.status)
    return mishap === 'lost' ? lost() : result
  }

  const finish = (result: Answer, request: GraphRequest): Answer => {
    const ids = {request: randomUUID(), client: request.headers['client-request-id'] ?? randomUUID()}
    const headers = {...result.headers, 'request-id': ids.request, 'client-request-id': ids.client}
    if (result.fault === undefined) return {...result, headers}
    const {code, message} = result.fault
    return {...result, headers, body: errorBody(code, message, ids, now())}
  }

  const ended = (request: GraphRequest, work: () => Result): Result => {
    try {
      const result = work()
      return result === 'hung-up' ? result : finish(result, request)
    } catch (error) {
      return finish(failed(error), request)
    }
  }

  return {
    handle: (request) =>
      ended(request, () =>
        request.path === BATCH_PATH && request.method === 'POST' ? batch(request) : one(request),
      ),
  }
}

const seen = ({method, path, body}: GraphRequest, mishap: Mishap | undefined) => ({
  method,
  path,
  body,
  mishap,
})

function telling(tell: (status: number) => void, work: () => Answer): Answer {
  try {
    const answer = work()
    tell(answer.status)
    return answer
  } catch (error) {
    tell(failed(error).status)
    throw error
  }
}

function failed(error: unknown): Answer {
  if (error instanceof GraphFault) return {status: error.status, fault: error}
  const reason = error instanceof Error ? error.message : String(error)
  return {
    status: 500,
    fault: new GraphFault(500, 'Service_InternalServerError', `The sandbox failed: ${reason}`),
  }
}

function timedOut(): GraphFault {
  return new GraphFault(504, 'GatewayTimeout', 'The answer did not arrive in time.')
}

/** Graph tells how much of a limit is used once it is nearly reached. */
function withUse(answer: Answer, used: number): Answer {
  if (used < 0.8) return answer
  return {...answer, headers: {...answer.headers, 'x-ms-throttle-limit-percentage': used.toFixed(1)}}
}
