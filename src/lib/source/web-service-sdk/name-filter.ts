import type {SearchEnd} from './calls.js'

/** What the server takes a username filter for. Found out by asking, since no document says it. */
export type FilterMeaning = 'prefix' | 'substring' | 'glob' | 'like' | 'ignored' | 'unknown'

export interface NameFilter {
  readonly meaning: FilterMeaning
  /** False unless a name was found under the other letter case. */
  readonly ignoresCase: boolean
  /** The filter that finds at least all names that begin with `prefix`. */
  startingWith(prefix: string): string
  /** Whether that filter is known to stand for these characters and no others. */
  isLiteral(prefix: string): boolean
}

/** How a backslash has to stand in a filter: servers may take it for an escape. */
type Backslash = 'as-is' | 'doubled' | 'any-character'

/** Up to a page of names that a filter finds. */
export type Lookup = (filter: string) => Promise<{readonly end: SearchEnd; readonly names: readonly string[]}>

const NOBODY = 'zq-nobody-has-this-name-7f3a91'
const SAMPLES = 4

export const fold = (text: string): string => text.toLowerCase()

/**
 * Tries filters made of names that are known to exist. A few dozen searches at most.
 *
 * Where every name is `DOMAIN\name`, as in most organisations, samples without a backslash do not exist. So names with
 * one are tried too, and with them the ways to write it, up to the backslash itself and beyond it.
 */
export async function findOutMeaning(known: readonly string[], lookup: Lookup): Promise<NameFilter> {
  const plain = pickSamples(known, (name) => !name.includes('\\'))
  const inDomain = pickSamples(known, (name) => /^[^\\]+\\[^\\]{2,}$/.test(name))
  const samples = [...plain, ...inDomain]
  if (samples.length === 0) return filterOf('unknown', 'as-is', false)
  if ((await lookup(NOBODY)).names.length > 0) return filterOf('ignored', 'as-is', true)
  // Where a server finds no name by its domain, in whichever way it is written, the others still say what it means.
  const {meaning, backslash} =
    (await firstThatFinds(samples, lookup)) ??
    (plain.length > 0 && inDomain.length > 0 ? await firstThatFinds(plain, lookup) : undefined) ??
    UNKNOWN
  const ignores = await ignoresCase(samples, filterOf(meaning, backslash, false), lookup)
  return filterOf(meaning, backslash, ignores)
}

interface Way {
  readonly meaning: FilterMeaning
  readonly backslash: Backslash
}

const UNKNOWN: Way = {meaning: 'unknown', backslash: 'as-is'}

/** In this order: a wildcard in place of the backslash finds more than was asked for. */
const WAYS: readonly Way[] = [
  {meaning: 'prefix', backslash: 'as-is'},
  {meaning: 'prefix', backslash: 'doubled'},
  ...(['as-is', 'doubled', 'any-character'] as const).flatMap((backslash): Way[] => [
    {meaning: 'glob', backslash},
    {meaning: 'like', backslash},
  ]),
]

/** Where no name has a backslash: what is least likely to miss one. */
const WAYS_UNTRIED = WAYS.filter(
  ({meaning, backslash}) => backslash === (meaning === 'prefix' ? 'as-is' : 'any-character'),
)

async function firstThatFinds(samples: readonly string[], lookup: Lookup): Promise<Way | undefined> {
  const tried = samples.some((name) => name.includes('\\'))
  for (const way of tried ? WAYS : WAYS_UNTRIED) {
    const filter = filterOf(way.meaning, way.backslash, false)
    if (!(await findsAll(samples, filter, lookup))) continue
    return way.meaning === 'prefix' && (await findsInside(samples, filter, lookup))
      ? {...way, meaning: 'substring'}
      : way
  }
  return undefined
}

/** Whether each sample's beginnings find a longer name: one that is the beginning itself proves nothing. */
async function findsAll(samples: readonly string[], filter: NameFilter, lookup: Lookup): Promise<boolean> {
  for (const name of samples) {
    const domain = name.slice(0, name.indexOf('\\') + 1)
    for (const start of domain === '' ? [beginning(name)] : [domain, beginning(name)]) {
      const isLonger = (found: string): boolean =>
        fold(found).startsWith(fold(start)) && fold(found) !== fold(start)
      if (!(await finds(lookup, filter.startingWith(start), isLonger))) return false
    }
  }
  return true
}

async function findsInside(samples: readonly string[], filter: NameFilter, lookup: Lookup): Promise<boolean> {
  for (const name of samples) {
    const inner = [...name].slice(1).join('')
    const isInner = (found: string): boolean =>
      fold(found).includes(fold(inner)) && !fold(found).startsWith(fold(inner))
    if (await finds(lookup, filter.startingWith(inner), isInner)) return true
  }
  return false
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
function pickSamples(known: readonly string[], isOfKind: (name: string) => boolean): string[] {
  const fit = known.filter(
    (name) => isOfKind(name) && [...name].length >= 3 && !/[*?%_[\]\s]/.test(name) && !/^(.)\1*$/u.test(name),
  )
  const step = Math.max(1, Math.floor(fit.length / SAMPLES))
  return fit.filter((_, index) => index % step === 0).slice(0, SAMPLES)
}

/** All but the last character: few names share it. */
function beginning(name: string): string {
  return [...name].slice(0, -1).join('')
}

function filterOf(meaning: FilterMeaning, backslash: Backslash, ignores: boolean): NameFilter {
  // A wildcard character in a name is asked for as "any one character": more is found, nobody is missed.
  const anyOne = meaning === 'glob' ? '?' : meaning === 'like' ? '_' : undefined
  const written = {'as-is': '\\', doubled: '\\\\', 'any-character': anyOne ?? '\\'}[backslash]
  const special = {glob: /[*?[\]]/g, like: /[%_[\]]/g}[meaning === 'like' ? 'like' : 'glob']
  const end = meaning === 'glob' ? '*' : meaning === 'like' ? '%' : ''
  return {
    meaning,
    ignoresCase: ignores,
    startingWith: (prefix) => {
      const safe = anyOne === undefined ? prefix : prefix.replaceAll(special, anyOne)
      return safe.replaceAll('\\', () => written) + end
    },
    // A server may have wildcards of its own.
    isLiteral: (prefix) =>
      !/[*?%_[\]]/.test(prefix) && (backslash !== 'any-character' || !prefix.includes('\\')),
  }
}
