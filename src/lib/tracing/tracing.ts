import {AsyncLocalStorage} from 'node:async_hooks'
import {hostname} from 'node:os'

import {type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace} from '@opentelemetry/api'
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

import {createDelivery, type Sent} from './delivery.js'

/** Undefined is left out. */
export type Facts = Readonly<Record<string, string | number | undefined>>

/** One request to a service that has ended. */
export interface RequestSpan {
  readonly name: string
  readonly facts: Facts
  /** How long it took, until now. */
  readonly ms: number
  /** A word, where it failed. */
  readonly error?: string | undefined
}

export interface TracingOptions {
  readonly version: string
  /** Of the traces that are sent, 0 to 1. */
  readonly share: number
  /** Told after each batch that the collector did not take. */
  readonly failed: (sent: Sent) => void
}

/**
 * Spans in three layers: runs, their phases, requests. A request belongs to the phase that was begun last in the run that asked for it,
 * or else to the run; one outside any run is not traced. Nothing is registered globally, and no other library is instrumented.
 */
export interface Tracing {
  /** A run that lasts until `close` or `endMain`, to which belongs what has no run of its own. `begun`: milliseconds since 1970. */
  beginMain(name: string, begun: number): void
  endMain(error?: string): void
  /** A run of its own, whatever else is under way. `errorOf` gives the word for what was thrown. */
  run<T>(name: string, facts: Facts, errorOf: (thrown: unknown) => string, work: () => Promise<T>): Promise<T>
  /** Of the run that is under way here. */
  describe(facts: Facts): void
  phase(name: string): void
  phaseEnd(name: string): void
  request(request: RequestSpan): void
  /** Sends what waits, for so many milliseconds at most. */
  close(waitMs: number): Promise<Sent>
}

interface Run {
  readonly span: Span
  /** In the order in which they were begun. */
  readonly phases: Map<string, {readonly span: Span; depth: number}>
}

export function createTracing({version, share, failed}: TracingOptions): Tracing {
  const delivery = createDelivery(failed)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'mfa',
      'service.version': version,
      'host.name': hostname(),
      'process.pid': process.pid,
    }).merge(detectResources({detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector]})),
    sampler: new ParentBasedSampler({root: samplerOf(share)}),
    spanProcessors: delivery.processors,
  })
  const tracer = provider.getTracer('mfa', version)
  const own = new AsyncLocalStorage<Run>()
  let main: Run | undefined
  const current = (): Run | undefined => own.getStore() ?? main
  const begin = (name: string, facts: Facts, startTime?: number): Run => {
    const span = tracer.startSpan(
      name,
      {attributes: known(facts), ...(startTime !== undefined && {startTime})},
      ROOT_CONTEXT,
    )
    return {span, phases: new Map()}
  }
  const below = ({span, phases}: Run) =>
    trace.setSpan(ROOT_CONTEXT, [...phases.values()].at(-1)?.span ?? span)

  return {
    beginMain(name, begun) {
      main = begin(name, {}, begun)
    },
    endMain(error) {
      // Begun at a time of the clock, so ended at one.
      if (main !== undefined) end(main, error, Date.now())
      main = undefined
    },
    async run(name, facts, errorOf, work) {
      const run = begin(name, facts)
      let error: string | undefined
      try {
        return await own.run(run, work)
      } catch (thrown) {
        error = errorOf(thrown)
        throw thrown
      } finally {
        end(run, error)
      }
    },
    describe(facts) {
      current()?.span.setAttributes(known(facts))
    },
    phase(name) {
      const run = current()
      if (run === undefined) return
      const open = run.phases.get(name)
      if (open !== undefined) open.depth += 1
      else run.phases.set(name, {span: tracer.startSpan(name, {}, below(run)), depth: 1})
    },
    phaseEnd(name) {
      const run = current()
      const open = run?.phases.get(name)
      if (run === undefined || open === undefined) return
      open.depth -= 1
      if (open.depth > 0) return
      run.phases.delete(name)
      open.span.end()
    },
    request({name, facts, ms, error}) {
      const run = current()
      if (run === undefined) return
      const ended = Date.now()
      const options = {kind: SpanKind.CLIENT, startTime: ended - ms, attributes: known(facts)}
      const span = tracer.startSpan(name, options, below(run))
      mark(span, error)
      span.end(ended)
    },
    async close(waitMs) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, waitMs)))
      await Promise.race([provider.shutdown().catch(() => {}), late])
      clearTimeout(timer)
      return delivery.sent()
    },
  }
}

function end({span, phases}: Run, error: string | undefined, at?: number): void {
  for (const {span: phase} of [...phases.values()].toReversed()) phase.end()
  mark(span, error)
  span.end(at)
}

/** The word alone: messages may name people. */
function mark(span: Span, error: string | undefined): void {
  if (error === undefined) return
  span.setAttribute('error.type', error)
  span.setStatus({code: SpanStatusCode.ERROR, message: error})
}

function samplerOf(share: number): Sampler {
  if (share === 1) return new AlwaysOnSampler()
  return share === 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(share)
}

const known = (facts: Facts): Attributes =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
