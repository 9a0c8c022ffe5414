import type {SearchEnd} from './calls.js'

/** What the server takes a username filter for. Found out by asking, since no document says it. */
export type FilterMeaning = 'prefix' | 'substring' | 'glob' | 'like' | 'ignored' | 'unknown'

export interface NameFilter {
  readonly meaning: FilterMeaning
  /** False unless a name was found under the other letter case. */
  readonly ignoresCase: boolean
  /** The filter that finds at least all names that begin with `prefix`. */
  startingWith(prefix: string): string
}

/** Up to a page of names that a filter finds. */
export type Lookup = (filter: string) => Promise<{readonly end: SearchEnd; readonly names: readonly string[]}>

const NOBODY = 'zq-nobody-has-this-name-7f3a91'
const SAMPLES = 4

export const fold = (text: string): string => text.toLowerCase()

/** Tries filters made of names that are known to exist. A handful of searches. */
export async function findOutMeaning(known: readonly string[], lookup: Lookup): Promise<NameFilter> {
  const samples = pickSamples(known)
  if (samples.length === 0) return filterOf('unknown', false)
  if ((await lookup(NOBODY)).names.length > 0) return filterOf('ignored', true)
  const tally = {start: 0, inner: 0, glob: 0, like: 0}
  for (const name of samples) {
    const start = beginning(name)
    const inner = [...name].slice(1).join('')
    if (await finds(lookup, start, (found) => fold(found).startsWith(fold(start)))) tally.start += 1
    else if (await finds(lookup, `${start}*`, (found) => fold(found).startsWith(fold(start)))) tally.glob += 1
    else if (await finds(lookup, `${start}%`, (found) => fold(found).startsWith(fold(start)))) tally.like += 1
    const isInner = (found: string): boolean =>
      fold(found).includes(fold(inner)) && !fold(found).startsWith(fold(inner))
    if (await finds(lookup, inner, isInner)) tally.inner += 1
  }
  const meaning = judge(tally, samples.length)
  return filterOf(meaning, await ignoresCase(samples, filterOf(meaning, false), lookup))
}

function judge(
  tally: Readonly<Record<'start' | 'inner' | 'glob' | 'like', number>>,
  samples: number,
): FilterMeaning {
  if (tally.start === samples) return tally.inner > 0 ? 'substring' : 'prefix'
  if (tally.glob === samples) return 'glob'
  return tally.like === samples ? 'like' : 'unknown'
}

async function finds(lookup: Lookup, filter: string, good: (name: string) => boolean): Promise<boolean> {
  return (await lookup(filter)).names.some(good)
}

/** True only if no sample that has a letter says otherwise. */
async function ignoresCase(samples: readonly string[], filter: NameFilter, lookup: Lookup): Promise<boolean> {
  let proven = false
  for (const name of samples) {
    const start = beginning(name)
    const swapped = [...start].map((char) => (char === fold(char) ? char.toUpperCase() : fold(char))).join('')
    if (swapped === start || fold(swapped) !== fold(start)) continue
    const hit = await finds(lookup, filter.startingWith(swapped), (found) => found.startsWith(start))
    if (!hit) return false
    proven = true
  }
  return proven
}

/** Long names without wildcard characters, far apart in the list. */
function pickSamples(known: readonly string[]): string[] {
  const fit = known.filter(
    (name) => [...name].length >= 3 && !/[*?%_[\]\\\s]/.test(name) && !/^(.)\1*$/u.test(name),
  )
  const step = Math.max(1, Math.floor(fit.length / SAMPLES))
  return fit.filter((_, index) => index % step === 0).slice(0, SAMPLES)
}

/** All but the last character: few names share it. */
function beginning(name: string): string {
  return [...name].slice(0, -1).join('')
}

function filterOf(meaning: FilterMeaning, ignores: boolean): NameFilter {
  return {
    meaning,
    ignoresCase: ignores,
    startingWith: (prefix) => {
      // A wildcard character in a name is asked for as "any one character": more is found, nobody is missed.
      if (meaning === 'glob') return `${prefix.replaceAll(/[*?[\]\\]/g, '?')}*`
      if (meaning === 'like') return `${prefix.replaceAll(/[%_[\]\\]/g, '_')}%`
      return prefix
    },
  }
}
