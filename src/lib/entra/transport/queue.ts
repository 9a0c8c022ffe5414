import type {Reply} from './answers.js'
import {kindOf, type GraphRequest, type GraphVersion, type RequestKind} from './graph-request.js'
import type {PaceReport, Pacer} from './pacer.js'

/** A reply, and which token it was got with. */
export interface Delivery {
  readonly heldUntil?: undefined
  readonly reply: Reply
  readonly tokenGeneration: number
}

/** Not sent: nothing of its kind may be sent for longer than the caller wants to wait; `over`: nothing at all any more. */
export interface Held {
  readonly heldUntil: Date | 'over'
}

export type Deliver = (
  requests: readonly GraphRequest[],
  signal: AbortSignal,
) => Promise<{readonly replies: readonly Reply[]; readonly tokenGeneration: number}>

export interface Queue {
  /** Rejects with the signal's reason; a write that is already on its way is let finish first (see `graceMs`). */
  submit(request: GraphRequest, signal: AbortSignal): Promise<Delivery | Held>
}

interface Item {
  readonly request: GraphRequest
  readonly settle: (delivery: Delivery | Held) => void
  readonly reject: (reason: unknown) => void
  /** Says that nobody waits for the answer any more; set while on its way. */
  abandoned?: () => void
  state: 'waiting' | 'sent' | 'over'
}

interface Lane {
  readonly kind: RequestKind
  items: Item[]
  running: boolean
  /** Ends the wait for the pacer when nobody is left in the lane. */
  pause: AbortController
}

/**
 * Gathers requests of one version and kind that are asked for together, or while earlier ones wait their turn, into
 * batches of up to 20, whichever user they belong to. One lane for each version and kind, so that writes held back by
 * the service do not hold back reads.
 */
export function createQueue(options: {
  readonly deliver: Deliver
  readonly pacer: Pacer
  /** What an answer says about pace. */
  readonly paceOf: (request: GraphRequest, reply: Reply) => PaceReport
  readonly maxWaitMs: number
  /** How long writes on their way may still take after an interruption, so that their outcome gets known. */
  readonly graceMs: number
}): Queue {
  const lanes = new Map<string, Lane>()

  function laneOf(version: GraphVersion, kind: RequestKind): Lane {
    const name = `${version} ${kind}`
    let lane = lanes.get(name)
    if (lane === undefined) {
      lane = {kind, items: [], running: false, pause: new AbortController()}
      lanes.set(name, lane)
    }
    return lane
  }

  async function run(lane: Lane): Promise<void> {
    while (lane.items.length > 0) {
      lane.pause = new AbortController()
      try {
        const waiting = (): number => lane.items.length
        const grant = await options.pacer.acquire(lane.kind, waiting, options.maxWaitMs, lane.pause.signal)
        if (!grant.granted) {
          for (const item of lane.items.splice(0)) finish(item, {heldUntil: grant.retryAt ?? 'over'})
          continue
        }
        void deliverBatch(lane.kind, lane.items.splice(0, grant.count), grant.release)
      } catch (error) {
        if (lane.pause.signal.aborted) continue
        for (const item of lane.items.splice(0)) fail(item, error)
      }
    }
    lane.running = false
  }

  async function deliverBatch(
    kind: RequestKind,
    items: readonly Item[],
    release: (reports?: readonly PaceReport[]) => void,
  ): Promise<void> {
    if (items.length === 0) {
      release()
      return
    }
    const controller = new AbortController()
    let left = items.length
    let timer: NodeJS.Timeout | undefined
    for (const item of items) {
      item.state = 'sent'
      item.abandoned = () => {
        left -= 1
        if (left > 0) return
        if (kind === 'read') controller.abort()
        else timer = setTimeout(() => controller.abort(), options.graceMs)
      }
    }
    try {
      const {replies, tokenGeneration} = await options.deliver(
        items.map((item) => item.request),
        controller.signal,
      )
      // Before anybody learns of the answer: what it says about pace holds for everything that follows.
      release(items.map((item, index) => options.paceOf(item.request, replies[index] as Reply)))
      items.forEach((item, index) => finish(item, {reply: replies[index] as Reply, tokenGeneration}))
    } catch (error) {
      for (const item of items) fail(item, error)
    } finally {
      release()
      clearTimeout(timer)
    }
  }

  return {
    submit(request, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const lane = laneOf(request.version, kindOf(request))
        const onAbort = (): void => {
          if (item.state === 'waiting') {
            lane.items = lane.items.filter((other) => other !== item)
            if (lane.items.length === 0) lane.pause.abort()
            fail(item, signal.reason)
          } else if (item.state === 'sent') {
            item.abandoned?.()
            if (request.method === 'GET') fail(item, signal.reason)
          }
        }
        const item: Item = {
          request,
          state: 'waiting',
          settle(delivery) {
            signal.removeEventListener('abort', onAbort)
            resolve(delivery)
          },
          reject(reason) {
            signal.removeEventListener('abort', onAbort)
            reject(reason)
          },
        }
        signal.addEventListener('abort', onAbort, {once: true})
        lane.items.push(item)
        if (lane.running) return
        lane.running = true
        setImmediate(() => void run(lane))
      })
    },
  }
}

function finish(item: Item, delivery: Delivery | Held): void {
  if (item.state === 'over') return
  item.state = 'over'
  item.settle(delivery)
}

function fail(item: Item, reason: unknown): void {
  if (item.state === 'over') return
  item.state = 'over'
  item.reject(reason)
}
