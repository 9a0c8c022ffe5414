export interface Clock {
  now(): Date
  /** Milliseconds that never jump back; only differences mean something. */
  monotonic(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
