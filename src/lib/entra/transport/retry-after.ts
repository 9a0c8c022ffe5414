/**
 * Milliseconds until the time that a `Retry-After` header names (seconds, or an HTTP date read against the same
 * answer's `Date`, so that a wrong local clock does no harm). Undefined where there is none that can be read.
 */
export function retryAfterMs(
  value: string | undefined,
  serviceDate: string | undefined,
  now: Date,
): number | undefined {
  if (value === undefined) return undefined
  const trimmed = value.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.ceil(Number(trimmed) * 1000)
  const then = Date.parse(trimmed)
  if (Number.isNaN(then)) return undefined
  const from = Date.parse(serviceDate ?? '')
  return Math.max(0, then - (Number.isNaN(from) ? now.getTime() : from))
}

/** Full jitter: anywhere between nothing and a ceiling that doubles with each attempt (counted from 1). */
export function backOffMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)))
}
