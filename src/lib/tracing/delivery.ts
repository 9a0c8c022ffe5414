import {TraceFlags} from '@opentelemetry/api'
import {OTLPTraceExporter} from '@opentelemetry/exporter-trace-otlp-http'
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'

import {printable} from '../model/printable.js'

/** Spans that wait for the collector; more are dropped, so that a run's memory stays flat. */
const QUEUE = 4096
const BATCH = 512
/**
 * What the end may have to send at once, and one that is under way. The SDK's own limit, thirty, would be reached where a collector
 * hangs, since it starts another batch after each that failed.
 */
const AT_ONCE = QUEUE / BATCH + 1
/** A collector that takes longer gets no second chance: the command is not to wait for it. */
const EXPORT_MS = 2000
/** `ExportResultCode.SUCCESS` */
const SUCCESS = 0

/** How the sending of spans stands. */
export interface Sent {
  /** Spans that ended. */
  readonly ended: number
  /** Spans that the collector took. */
  readonly taken: number
  /** Why the first batch that failed did: a status, or a network fault. */
  readonly fault?: string | undefined
}

export interface Delivery {
  readonly processors: SpanProcessor[]
  sent(): Sent
}

/**
 * Sends spans to the collector that the environment names (addresses, headers, certificates and compression are read by the exporter),
 * in the background, in batches, in bounded memory.
 *
 * @param failed told after each batch that was not taken
 */
export function createDelivery(failed: (sent: Sent) => void): Delivery {
  let ended = 0
  let taken = 0
  let fault: string | undefined
  const sent = (): Sent => ({ended, taken, fault})
  const otlp: SpanExporter = new OTLPTraceExporter({timeoutMillis: EXPORT_MS, concurrencyLimit: AT_ONCE})
  const exporter: SpanExporter = {
    export(spans, told) {
      otlp.export(spans, (result) => {
        const code: number = result.code
        if (code === SUCCESS) taken += spans.length
        else {
          fault ??= faultOf(result.error)
          failed(sent())
        }
        told(result)
      })
    },
    shutdown: () => otlp.shutdown(),
  }
  const counter: SpanProcessor = {
    onStart() {},
    onEnd(span: ReadableSpan) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) ended += 1
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const batches = new BatchSpanProcessor({
    exporter,
    maxQueueSize: QUEUE,
    maxExportBatchSize: BATCH,
    exportTimeoutMillis: 2 * EXPORT_MS,
  })
  return {processors: [counter, batches], sent}
}

/** In a word: what the collector itself says is not passed on. */
function faultOf(error: Error | undefined): string {
  const code = (error as {code?: unknown} | undefined)?.code
  if (typeof code === 'number') return `it answered ${code}`
  if (typeof code === 'string') return printable(code)
  return error?.message === 'Request timed out' ? `no answer in ${EXPORT_MS / 1000} s` : 'it is not ready'
}
