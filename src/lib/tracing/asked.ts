import {printable} from '../model/printable.js'

/** Whether traces are wanted, and where they go, as OpenTelemetry's own variables say; the SDK is not loaded for it. */
export type Asked =
  | {readonly on: false; readonly why?: string | undefined}
  /** `host`: name and port of the collector, for messages. */
  | {
      readonly on: true
      readonly host: string
      /** Of the traces that are sent, 0 to 1. */
      readonly share: number
      readonly why?: string | undefined
    }

type Env = Readonly<Record<string, string | undefined>>

/**
 * Off unless OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT names a collector; OTEL_SDK_DISABLED and
 * OTEL_TRACES_EXPORTER switch it off again. What is wrong with a variable is in `why`: it never stops a command.
 */
export function tracesAsked(env: Env): Asked {
  const of = (name: string): string | undefined => env[name]?.trim() || undefined
  const name = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find(of)
  if (name === undefined || of('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return {on: false}
  const exporters = of('OTEL_TRACES_EXPORTER')?.split(',') ?? ['otlp']
  if (!exporters.some((each) => each.trim() === 'otlp')) return {on: false}
  const url = URL.parse(of(name) ?? '')
  if (url === null || !/^https?:$/.test(url.protocol))
    return {on: false, why: `${name} is no http or https address: no traces are sent`}
  const protocol = of('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? of('OTEL_EXPORTER_OTLP_PROTOCOL')
  const sampler = samplerOf(of('OTEL_TRACES_SAMPLER'), of('OTEL_TRACES_SAMPLER_ARG'))
  const other =
    protocol === undefined || protocol.startsWith('http/')
      ? undefined
      : `traces are sent as http/json, not as ${printable(protocol)} (OTEL_EXPORTER_OTLP_PROTOCOL)`
  return {on: true, host: url.host, share: sampler.share, why: sampler.why ?? other}
}

/** Every trace begins here, so that a sampler that asks its parent first comes to the same. */
function samplerOf(
  name = 'always_on',
  share?: string,
): {readonly share: number; readonly why?: string | undefined} {
  switch (name.replace(/^parentbased_/, '')) {
    case 'always_on':
      return {share: 1}
    case 'always_off':
      return {share: 0}
    case 'traceidratio': {
      const given = Number(share ?? '1')
      if (given >= 0 && given <= 1) return {share: given}
      return {share: 1, why: 'OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1: all traces are sent'}
    }
    default:
      return {share: 1, why: `OTEL_TRACES_SAMPLER is not known (${printable(name)}): all traces are sent`}
  }
}
