import type {Registry} from 'prom-client'

/** What the metrics are made of; counts since the process began, the rest as of the last round. */
export interface SyncNumbers {
  readonly rounds: number
  readonly skipped: number
  readonly errors: number
  /** Undefined before a round here went well. */
  readonly lastSeconds: number | undefined
  /** Unix seconds; undefined before the first round that went well. */
  readonly lastSuccess: number | undefined
  readonly lagSeconds: number | undefined
  /** Users by where they stand; those who are pending are among the failed. Undefined before a round here went well. */
  readonly users:
    Readonly<Record<'in_sync' | 'pending' | 'failed' | 'unmatched' | 'disabled', number>> | undefined
  /** HTTP requests to Microsoft Graph by status, or code of a network fault. */
  readonly requests: ReadonlyMap<string, number>
  readonly throttledSeconds: number
  readonly certificateDays: number | undefined
}

/** Prometheus' text format, made anew from the numbers at each asking. */
export async function createMetrics(numbers: () => Promise<SyncNumbers>): Promise<() => Promise<string>> {
  const {Gauge, Counter, Registry: NewRegistry} = await import('prom-client')
  const registry: Registry = new NewRegistry()
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({name, help, labelNames, registers: [registry]})
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({name, help, labelNames, registers: [registry]})
  const users = gauge('mfa_sync_users', 'Users by where they stand after the last round', ['state'])
  const rounds = counter('mfa_sync_rounds_total', 'Rounds that ended')
  const skipped = counter('mfa_sync_rounds_skipped_total', 'Starts left out because a round still ran')
  const errors = counter('mfa_sync_round_errors_total', 'Rounds that ended with an error')
  const requests = counter('mfa_graph_requests_total', 'HTTP requests to Microsoft Graph', ['status'])
  const throttled = counter('mfa_graph_throttled_seconds_total', 'Seconds waited because Graph throttled')
  const sometimes = new Map<string, ReturnType<typeof gauge>>()
  // A gauge says 0 until it is set: one whose value is not known yet is not there.
  const setIfKnown = (name: string, help: string, value: number | undefined): void => {
    if (value === undefined) {
      sometimes.delete(name)
      registry.removeSingleMetric(name)
      return
    }
    const known = sometimes.get(name) ?? gauge(name, help)
    sometimes.set(name, known)
    known.set(value)
  }
  return async () => {
    const now = await numbers()
    users.reset()
    for (const [state, count] of Object.entries(now.users ?? {})) users.set({state}, count)
    setIfKnown('mfa_sync_round_seconds', 'How long the last round took', now.lastSeconds)
    setIfKnown('mfa_sync_last_success_timestamp_seconds', 'When a round last went well', now.lastSuccess)
    setIfKnown('mfa_sync_lag_seconds', 'Seconds since a round last went well', now.lagSeconds)
    setIfKnown('mfa_certificate_days_left', 'Days until the client certificate ends', now.certificateDays)
    for (const [metric, value] of [
      [rounds, now.rounds],
      [skipped, now.skipped],
      [errors, now.errors],
      [throttled, now.throttledSeconds],
    ] as const) {
      metric.reset()
      metric.inc(value)
    }
    requests.reset()
    for (const [status, count] of now.requests) requests.inc({status}, count)
    return registry.metrics()
  }
}
