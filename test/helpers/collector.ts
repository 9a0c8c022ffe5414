import {once} from 'node:events'
import {createServer, type IncomingHttpHeaders} from 'node:http'
import type {AddressInfo} from 'node:net'

/** One span as OTLP/HTTP has it in JSON. */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  readonly status: {readonly code: number; readonly message?: string}
}

interface OtlpAttribute {
  readonly key: string
  readonly value: {readonly stringValue?: string; readonly intValue?: number; readonly doubleValue?: number}
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: {readonly attributes: readonly OtlpAttribute[]}
    readonly scopeSpans: readonly {readonly spans: readonly OtlpSpan[]}[]
  }[]
}

/** How it behaves: takes spans, says a status, or never answers. */
export type Manner = 'takes' | 'hangs' | number

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  readonly bodies: readonly string[]
  readonly headers: readonly IncomingHttpHeaders[]
  spans(): readonly OtlpSpan[]
  resource(): Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** An OTLP/HTTP receiver on loopback that keeps what it gets. */
export async function startCollector(manner: Manner = 'takes'): Promise<Collector> {
  const bodies: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      headers.push(request.headers)
      const right = request.method === 'POST' && request.url === '/v1/traces'
      bodies.push(Buffer.concat(parts).toString('utf8'))
      if (manner === 'hangs') return
      response.writeHead(right ? (manner === 'takes' ? 200 : manner) : 404, {
        'content-type': 'application/json',
      })
      response.end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const all = (): readonly OtlpTraces['resourceSpans'][number][] =>
    bodies.flatMap((body) => (JSON.parse(body) as OtlpTraces).resourceSpans)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    headers,
    spans: () => all().flatMap(({scopeSpans}) => scopeSpans.flatMap(({spans}) => spans)),
    resource: () => facts(all()[0]?.resource.attributes ?? []),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Attributes by name. */
export const facts = (attributes: readonly OtlpAttribute[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    attributes.map(({key, value}) => [key, value.stringValue ?? value.intValue ?? value.doubleValue]),
  )
