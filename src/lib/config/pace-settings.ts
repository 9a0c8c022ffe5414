import {settingsError, type Fault} from './faults.js'
import type {Parsed} from './parsed.js'
import {problem} from './parsed.js'
import {quoted} from './parse-values.js'

/** So many in any stretch of time of that length. */
export interface QuotaSetting {
  readonly count: number
  readonly windowMs: number
}

/** How fast a command may go; undefined stands for the default. */
export interface PaceSettings {
  /** Requests a second. */
  readonly tps?: number | undefined
  readonly writeQuota?: QuotaSetting | 'none' | undefined
  readonly activationQuota?: QuotaSetting | 'none' | undefined
  readonly maxDurationMs?: number | undefined
  /** Longest total wait of one request for a throttled or failing service. */
  readonly maxWaitMs?: number | undefined
}

/** Reads the flags about pace. Throws MfaError `usage` with every fault at once. */
export function paceSettings(flags: Readonly<Record<string, unknown>>): PaceSettings {
  const faults: Fault[] = []
  function parsed<T>(name: string, parse: (text: string) => Parsed<T>): T | undefined {
    const text = flags[name]
    if (typeof text !== 'string') return undefined
    const result = parse(text)
    if ('value' in result) return result.value
    faults.push({message: `--${name}: ${result.problem}`, fix: result.fix})
    return undefined
  }
  const number = (name: string): number | undefined =>
    typeof flags[name] === 'number' ? flags[name] : undefined
  const maxWait = number('max-wait')
  const settings = {
    tps: number('tps'),
    writeQuota: parsed('write-quota', quota),
    activationQuota: parsed('activation-quota', quota),
    maxDurationMs: parsed('max-duration', duration),
    maxWaitMs: maxWait === undefined ? undefined : maxWait * 1000,
  }
  if (faults.length > 0) throw settingsError(faults)
  return settings
}

/** `3000/150`: so many in so many seconds; or `none`. */
export function quota(text: string): Parsed<QuotaSetting | 'none'> {
  if (text === 'none') return {value: 'none'}
  const [, count, seconds] = /^(\d{1,7})\/(\d{1,6})$/.exec(text.trim()) ?? []
  return Number(count) >= 1 && Number(seconds) >= 1
    ? {value: {count: Number(count), windowMs: Number(seconds) * 1000}}
    : problem(`${quoted(text)} is no quota`, 'Write how many in how many seconds, such as 3000/150; or none.')
}

const UNITS: Readonly<Record<string, number>> = {s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000}

/** `90s`, `15m`, `2h`, `1d`, and their sums such as `1h30m`; in milliseconds. */
export function duration(text: string): Parsed<number> {
  const parts = [...text.trim().matchAll(/(\d{1,6})([smhd])/g)]
  const whole = parts.map(([part]) => part).join('') === text.trim()
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0)
  return whole && ms > 0
    ? {value: ms}
    : problem(`${quoted(text)} is no length of time`, 'Write it like 90s, 15m, 1h30m or 30d.')
}
