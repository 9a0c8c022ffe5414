import {MfaError} from '../../errors/mfa-error.js'
import {timeIsOver} from '../../errors/time-is-over.js'
import type {Clock} from '../../ports/clock.js'
import type {Reply} from './answers.js'
import {sendTogether, type SendWire} from './batch.js'
import {explained, type Holder} from './forbidden.js'
import {kindOf, type GraphAnswer, type GraphRequest} from './graph-request.js'
import {createHttp, parseRoot} from './http.js'
import {judge, requestIdOf, type Verdict} from './judge.js'
import {pagesOf} from './pages.js'
import {usedBy} from './permissions.js'
import {counted, type RequestDone, type Tally, watched} from './request-done.js'
import {createPacer, type PaceReport, type Pacer} from './pacer.js'
import {createQueue} from './queue.js'
import {backOffMs, retryAfterMs} from './retry-after.js'
import {createServiceClock, type ServiceClock} from './service-clock.js'
import {withTimeLimit} from './time-limit.js'
import {createTokens, type GetToken} from './tokens.js'
import {withoutNames} from './without-names.js'

/** What the transport does, for the log file. Never a token, never a body. */
export type GraphLogEvent =
  | {
      readonly type: 'http'
      readonly method: string
      readonly url: string
      /** How many requests it carried. */
      readonly size: number
      readonly ms: number
      /** HTTP status, or the code of a network fault. */
      readonly result: number | string
      readonly requestId?: string | undefined
      readonly clientRequestId?: string | undefined
    }
  | {
      readonly type: 'wait'
      readonly method: string
      readonly path: string
      readonly reason: string
      readonly attempt: number
      readonly ms: number
      readonly requestId?: string | undefined
    }

export interface RetryBudget {
  readonly maxAttempts: number
  /** All waits of one request together. */
  readonly maxWaitMs: number
  readonly baseMs: number
  readonly capMs: number
  /** Attempts to connect before the service has answered even once. */
  readonly firstContactAttempts: number
}

export interface GraphOptions {
  /** Root of the service, `https://graph.microsoft.com`; `/v1.0/…` and `/beta/…` are appended. Plain http: loopback only. */
  readonly rootUrl: string
  readonly token: GetToken
  /** What the token in use may do, for the words of a refusal. */
  readonly holder?: (() => Holder | undefined) | undefined
  readonly clock: Clock
  /** Stands in for the global one: a proxy's dispatcher, tests. */
  readonly fetch?: typeof fetch | undefined
  /** Default: a pacer with the quotas that Microsoft documents. */
  readonly pacer?: Pacer | undefined
  readonly retry?: Partial<RetryBudget> | undefined
  readonly attemptTimeoutMs?: number | undefined
  readonly random?: (() => number) | undefined
  readonly log?: ((event: GraphLogEvent) => void) | undefined
  /** Hears of every request that succeeded: the least permission that it needed. */
  readonly used?: ((permission: string) => void) | undefined
  /** Hears of every request at its end, in the caller's asynchronous context. */
  readonly done?: ((request: RequestDone) => void) | undefined
}

/**
 * Microsoft Graph over HTTP. Requests that are asked for together share `$batch`es; each gets its own answer.
 *
 * Repeats what is safe to repeat, within a budget. Throws GraphError for what concerns one request (`refused`,
 * `failed`, `lost`), MfaError `auth` (signed out; permission missing: named) and `unavailable` (throttled or
 * unreachable past the budget: when to try again) for what concerns all, the signal's reason when interrupted.
 */
export interface Graph {
  read(request: GraphRequest & {readonly method: 'GET'}, signal: AbortSignal): Promise<GraphAnswer>
  write(request: GraphRequest, signal: AbortSignal): Promise<GraphAnswer>
  /** Follows `@odata.nextLink` on the configured host; a link seen before ends with an error. */
  pages(
    request: GraphRequest & {readonly method: 'GET'},
    signal: AbortSignal,
  ): AsyncIterable<readonly unknown[]>
  readonly serviceClock: ServiceClock
  /** Name and port of the service, for references to objects in it. */
  readonly host: string
}

const RETRY: RetryBudget = {
  maxAttempts: 8,
  maxWaitMs: 300_000,
  baseMs: 1000,
  capMs: 60_000,
  firstContactAttempts: 4,
}
const ATTEMPT_TIMEOUT_MS = 100_000
/** With the five seconds in which a user's steps come to their end, less than the ten that a clean end may take. */
const GRACE_MS = 3000

export function createGraph(options: GraphOptions): Graph {
  const {clock} = options
  const {origin, base} = parseRoot(options.rootUrl)
  const host = new URL(origin).host
  const http = createHttp(origin, options.fetch ?? fetch)
  const budget = {...RETRY, ...options.retry}
  const random = options.random ?? Math.random
  const pacer = options.pacer ?? createPacer({clock})
  const tokens = createTokens(options.token)
  const serviceClock = createServiceClock(clock)
  let contact = false

  const queue = createQueue({
    pacer,
    paceOf: (request, reply) => paceOf(request, reply, clock.now()),
    maxWaitMs: budget.maxWaitMs,
    graceMs: GRACE_MS,
    async deliver(requests, signal) {
      const {token, generation} = await tokens.get(signal)
      const replies = await sendTogether(requests, sender(token, signal), host)
      return {replies, tokenGeneration: generation}
    },
  })

  function sender(token: string, signal: AbortSignal): SendWire {
    return async (call) => {
      const started = clock.monotonic()
      const sent = clock.now()
      const limit = options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS
      const {method, headers, body, size} = call
      const url = `${base}/${call.version}${call.url}`
      const answer = await withTimeLimit(limit, signal, (both) =>
        http({method, url, headers, body, token, signal: both}),
      )
      if (!answer.fault) {
        contact = true
        serviceClock.measure(answer.headers['date'], sent, clock.now())
      }
      options.log?.({
        type: 'http',
        method,
        url: withoutNames(url),
        size,
        ms: clock.monotonic() - started,
        result: answer.fault ? answer.code : answer.status,
        requestId: answer.fault ? undefined : answer.headers['request-id'],
        clientRequestId: headers['client-request-id'],
      })
      return answer
    }
  }

  async function run(request: GraphRequest, signal: AbortSignal, tally?: Tally): Promise<GraphAnswer> {
    let waitedMs = 0
    let refreshed = false
    let repeated = false
    for (let attempt = 1; ; attempt++) {
      const delivery = await queue.submit(counted(request, tally), signal)
      if (delivery.heldUntil === 'over') throw timeIsOver()
      if (delivery.heldUntil !== undefined) throw throttled(request, delivery.heldUntil)
      const {reply} = delivery
      const requestId = reply.fault ? undefined : requestIdOf(reply)
      if (tally !== undefined)
        Object.assign(tally, {status: reply.fault ? undefined : reply.status, requestId})
      const {holdMs} = paceOf(request, reply, clock.now())
      const verdict = judge(request, reply, repeated)
      if (verdict.is === 'done') {
        if (options.used !== undefined) for (const each of usedBy(request)) options.used(each)
        return {status: verdict.status, body: verdict.body, requestId}
      }
      if (verdict.is === 'over') throw explained(verdict.error, request, options.holder?.())
      if (verdict.is === 'signed-out') {
        if (refreshed) throw verdict.error
        refreshed = true
        await tokens.refresh(delivery.tokenGeneration, signal)
        continue
      }
      repeated ||= verdict.reason !== 'throttled' && verdict.reason !== 'unreachable'
      const waitMs = Math.max(
        holdMs ?? 0,
        holdMs === undefined ? backOffMs(attempt, budget.baseMs, budget.capMs, random) : 0,
      )
      if (attempt >= attemptsFor(verdict) || waitedMs + waitMs > budget.maxWaitMs) {
        throw pastBudget(request, verdict, waitMs, attempt)
      }
      const {method} = request
      const path = withoutNames(request.path)
      options.log?.({type: 'wait', method, path, reason: verdict.reason, attempt, ms: waitMs, requestId})
      const before = clock.monotonic()
      await clock.sleep(waitMs, signal)
      await pacer.retry(signal)
      const took = Math.max(waitMs, clock.monotonic() - before)
      waitedMs += took
      if (tally === undefined) continue
      tally.waitedMs += took
      if (verdict.reason === 'throttled') tally.throttledMs += took
    }
  }

  function attemptsFor(verdict: Verdict & {is: 'again'}): number {
    if (contact || verdict.reason !== 'unreachable') return budget.maxAttempts
    return Math.min(budget.maxAttempts, budget.firstContactAttempts)
  }

  function pastBudget(
    request: GraphRequest,
    verdict: Verdict & {is: 'again'},
    waitMs: number,
    attempts: number,
  ): MfaError {
    const error = verdict.past()
    if (verdict.reason !== 'throttled') return error
    return throttled(
      request,
      new Date(clock.now().getTime() + waitMs),
      `after ${attempts} attempts`,
      error.requestId,
    )
  }

  const ask = watched(run, options.done, clock)
  return {
    read: ask,
    write: ask,
    pages: (request, signal) => pagesOf(request, {base, origin, read: (next) => ask(next, signal)}),
    serviceClock,
    host,
  }
}

function paceOf(request: GraphRequest, reply: Reply, now: Date): PaceReport {
  const kind = kindOf(request)
  if (reply.fault) return {kind, status: 0}
  const {status, headers} = reply
  const asks = status === 429 || status >= 500
  const share = Number(headers['x-ms-throttle-limit-percentage'])
  return {
    kind,
    status,
    holdMs: asks ? retryAfterMs(headers['retry-after'], headers['date'], now) : undefined,
    throttlePercentage: Number.isFinite(share) && share > 0 ? share : undefined,
  }
}

function throttled(
  request: GraphRequest,
  retryAt: Date,
  detail = 'for longer than the budget',
  requestId?: string,
): MfaError {
  const what = kindOf(request) === 'read' ? 'reading' : 'writing'
  return new MfaError(
    'GRAPH_THROTTLED',
    `Microsoft Graph throttles ${what} ${detail} (${request.method} ${request.path})`,
    {
      exit: 'unavailable',
      fix: `Run the same command again after ${retryAt.toISOString()}: it goes on where it stopped.`,
      requestId,
    },
  )
}
