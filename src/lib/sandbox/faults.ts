import {MfaError} from '../errors/mfa-error.js'
import type {KeyRules} from './key-credentials.js'

/** What the sandbox does wrong, or more strictly, on purpose. Rates are shares of requests, 0 to 1; batch items are requests too. */
export interface Faults {
  /** 429 with Retry-After. */
  readonly throttle?: number | undefined
  /** 429 without Retry-After. */
  readonly bareThrottle?: number | undefined
  /** Seconds in Retry-After; 1 if left out. */
  readonly retryAfter?: number | undefined
  /** 500, 502, 503 or 504 before anything happened. */
  readonly error?: number | undefined
  /** It happens, but the answer is lost: 504 or a closed connection. */
  readonly lost?: number | undefined
  /** The connection is closed before anything happened. */
  readonly reset?: number | undefined
  /** Milliseconds before each answer. */
  readonly delay?: number | undefined
  /** The answer is ready, but comes two seconds late. Of answers: a batch has one. */
  readonly slow?: number | undefined
  /** More writes than this in one second get 429. */
  readonly writesPerSecond?: number | undefined
  /** Reads of methods, tokens and preferences show the state of this many milliseconds ago. */
  readonly consistency?: number | undefined
  /** Entries of the audit log can be read this many milliseconds after what they tell of. */
  readonly auditDelay?: number | undefined
  /** Same seed, same faults in the same order of requests; 1 if left out. */
  readonly seed?: number | undefined
  /** How many certificates an application may have; 100 if left out. */
  readonly maxKeys?: number | undefined
  /** 1: a PATCH of keyCredentials has to repeat the `key` of entries that stay. */
  readonly strictKeys?: number | undefined
  /** UPNs: every request below these users answers 500. */
  readonly failUser?: readonly string[] | undefined
}

const RATES = ['throttle', 'bareThrottle', 'error', 'lost', 'reset'] as const
const SHARES = [...RATES, 'slow'] as const
const SLOW_MS = 2000
const NUMBERS = [
  'retryAfter',
  'delay',
  'writesPerSecond',
  'consistency',
  'auditDelay',
  'seed',
  'maxKeys',
  'strictKeys',
] as const
const MAX_KEYS = 100

type FaultName = (typeof RATES)[number] | 'slow' | (typeof NUMBERS)[number]

/**
 * Reads `throttle=0.1,error=0.05,delay=20,failUser=jdoe@contoso.com`; failUser may come several times.
 * Throws MfaError `usage` that names every wrong part.
 */
export function parseFaults(text: string): Faults {
  const numbers: Partial<Record<FaultName, number>> = {}
  const failUser: string[] = []
  const wrong: string[] = []
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue
    const [name, value] = splitOnce(part)
    if (name === 'failUser' && value !== '') failUser.push(value)
    else if (isOneOf(SHARES, name) && isNumber(value) && Number(value) <= 1) numbers[name] = Number(value)
    else if (isOneOf(NUMBERS, name) && isNumber(value)) numbers[name] = Number(value)
    else wrong.push(part)
  }
  if (wrong.length > 0) {
    throw new MfaError('FAULTS', `faults: ${wrong.map((part) => `"${part}"`).join(', ')} cannot be read`, {
      exit: 'usage',
      fix: `rates from 0 to 1: ${SHARES.join(', ')}; numbers: ${NUMBERS.join(', ')}; failUser=UPN; separated by commas`,
    })
  }
  return failUser.length > 0 ? {...numbers, failUser} : numbers
}

export function keyRules({maxKeys = MAX_KEYS, strictKeys = 0}: Faults): KeyRules {
  return {maxKeys, strictKeys: strictKeys > 0}
}

export type Mishap = 'throttle' | 'bareThrottle' | 'error' | 'lost' | 'reset'

/** Throws the dice for one request after another. */
export interface Dice {
  /** What goes wrong with the next request; the first kind that comes up. */
  next(): Mishap | undefined
  /** A number from 0 up to, not including, `below`. */
  pick(below: number): number
}

export function createDice(faults: Faults): Dice {
  const random = generator(faults.seed ?? 1)
  return {
    next: () => {
      // Always one throw a kind, so that changing one rate does not shift the others.
      const hit = RATES.map((kind) => (random() < (faults[kind] ?? 0) ? kind : undefined))
      return hit.find((kind) => kind !== undefined)
    },
    pick: (below) => Math.floor(random() * below),
  }
}

/** How long each answer is held back, in ms. Dice of its own, so that it does not shift what else goes wrong. */
export function createSlowness({slow = 0, seed = 1}: Faults): () => number {
  const random = generator(seed ^ 0x510e527f)
  return () => (slow > 0 && random() < slow ? SLOW_MS : 0)
}

/** Counts writes in the current second of the real clock. */
export interface Quota {
  /** False if this write is one too many; otherwise it is counted. */
  take(): boolean
  /** Share of the quota that is used, 0 to 1. */
  used(): number
}

export function createQuota(perSecond: number | undefined): Quota {
  let second = 0
  let count = 0
  const roll = (): void => {
    const now = Math.floor(performance.now() / 1000)
    if (now === second) return
    second = now
    count = 0
  }
  return {
    take: () => {
      if (perSecond === undefined) return true
      roll()
      if (count >= perSecond) return false
      count += 1
      return true
    },
    used: () => {
      if (perSecond === undefined || perSecond === 0) return 0
      roll()
      return count / perSecond
    },
  }
}

/** mulberry32: small, fast, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=')
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
}

function isNumber(value: string): boolean {
  return /^[0-9]+(\.[0-9]+)?$/.test(value)
}

function isOneOf<const Names extends readonly string[]>(names: Names, name: string): name is Names[number] {
  return names.includes(name)
}
