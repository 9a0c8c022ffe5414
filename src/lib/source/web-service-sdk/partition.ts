import {Alphabet, widerUnits} from './alphabet.js'
import type {ListingOptions} from './list-users.js'
import {fold, type NameFilter} from './name-filter.js'

export interface PartitionOptions extends ListingOptions {
  readonly filter: NameFilter
  readonly blank: boolean
  /** What this server gives at most. */
  readonly limit: number
  /** A listing along other axes; may bring names with characters that were not tried yet. */
  readonly again: () => Promise<unknown>
}

export interface PartitionResult {
  readonly searches: number
  /** Beginnings of which the server has more names than were found. */
  readonly short: readonly string[]
  /** How many characters were tried. */
  readonly units: number
}

const LONGEST_NAME = 512
/** Beyond it a server may compare by culture, and not find half a letter. */
const ASCII = /^[\u0020-\u007e]+$/

/**
 * Splits the names by their beginnings until each part is complete.
 *
 * A part is a beginning p. Its search finds at least all names that begin with p, whatever the filter means (prefix,
 * substring, with wildcards), so if it is complete, all of these are found. If not, it is split into p + c for each c of
 * the alphabet; names that are p itself are asked for one by one. The alphabet grows with each name that is read, and
 * parts that were split before then get their new sub-parts, until nothing new comes. So everybody is found whose
 * characters are all in the alphabet. Counting is the check: an incomplete answer says that there are more than `limit`
 * names; where no more than that were found, somebody is missing, and that part is `short`.
 *
 * Where the filter means any part of a name, a common domain (`CONTOSO\…`) would have each part asked for again behind
 * each ending of the domain. But all names that hold p hold what follows p's first character: where that answer was
 * complete, p's can have nobody else and is not asked for.
 */
export async function partition(options: PartitionOptions): Promise<PartitionResult> {
  const {register, filter, limit, calls, signal} = options
  const alphabet = new Alphabet(filter.ignoresCase)
  /** Parts that were split, and how many units each was split by. */
  const split = new Map<string, number>([['', 0]])
  const queue: string[] = []
  /** Of a substring filter: parts whose names are all known. */
  const whole = new Set<string>()
  let searches = 0
  for (const {username} of register.entries()) alphabet.learn(username)
  const visit = async (prefix: string): Promise<void> => {
    if (whole.has(prefix.slice(1)) && ASCII.test(prefix)) {
      whole.add(prefix)
      return
    }
    const query = {username: filter.startingWith(prefix), blank: options.blank, limit}
    const {end, rows} = await calls.page(query, signal)
    searches += 1
    const add = register.answer()
    for (const row of rows) if (add(row)) alphabet.learn(row.username)
    options.onProgress(register.size)
    if (end.complete) {
      if (filter.meaning === 'substring' && filter.isLiteral(prefix)) whole.add(prefix)
      return
    }
    // An answer without any such name was cut off for names that do not concern this part, or the server read the
    // filter in another way (it trims, or has wildcards of its own): splitting it would never end.
    const concerned = rows.some(({username}) => concerns(filter, username, prefix))
    if (concerned && prefix.length < LONGEST_NAME) split.set(prefix, 0)
  }

  const drain = async (): Promise<void> => {
    for (;;) {
      for (const [prefix, done] of split) {
        const {units} = alphabet
        for (const unit of units.slice(done)) queue.push(prefix + unit)
        split.set(prefix, units.length)
      }
      if (queue.length === 0) return
      const workers = Array.from({length: options.concurrency}, async () => {
        for (let prefix = queue.pop(); prefix !== undefined; prefix = queue.pop()) await visit(prefix)
      })
      await Promise.all(workers)
    }
  }

  await drain()
  for (const unit of widerUnits()) if (!alphabet.units.includes(unit)) queue.push(unit)
  const wider = queue.length
  await drain()
  for (let before = -1; before !== register.fresh;) {
    before = register.fresh
    await options.again()
    for (const {username} of register.entries()) alphabet.learn(username)
    await findExactly(options, split.keys())
    await drain()
  }
  return {searches, short: shortParts(options, split.keys()), units: alphabet.units.length + wider}
}

/** Whether a search for `prefix` finds this name. */
function concerns(filter: NameFilter, name: string, prefix: string): boolean {
  return [fold, (text: string): string => fold(text).normalize('NFC')].some((form) =>
    filter.meaning === 'substring' ? form(name).includes(form(prefix)) : form(name).startsWith(form(prefix)),
  )
}

/** A name that is itself the beginning of too many others may be cut off in each answer: these are asked for singly. */
async function findExactly(options: PartitionOptions, prefixes: Iterable<string>): Promise<void> {
  const {calls, register, signal, filter} = options
  const same = filter.ignoresCase ? fold : (text: string): string => text
  const wanted = new Map([...prefixes].map((prefix) => [same(prefix), prefix]))
  wanted.delete('')
  for (const {username} of register.entries()) wanted.delete(same(username))
  for (const prefix of wanted.values()) {
    const name = await calls.canonicalName(prefix, signal)
    if (name === undefined || register.has(name)) continue
    // To have a canonical form is not to exist.
    const {values} = await calls.settings(name, signal)
    if (values !== undefined) register.answer()({username: name, digest: ''})
  }
}

/** An incomplete answer says that more than `limit` match. With a wildcard in the beginning, others match it too. */
function shortParts({register, limit, filter}: PartitionOptions, prefixes: Iterable<string>): string[] {
  const counts = new Map(
    [...prefixes].filter((prefix) => filter.isLiteral(prefix)).map((prefix) => [prefix, 0]),
  )
  for (const {username, times} of register.entries()) {
    for (const [prefix, count] of counts) {
      if (concerns(filter, username, prefix)) counts.set(prefix, count + times)
    }
  }
  const short = [...counts].flatMap(([prefix, count]) => (count <= limit ? [prefix] : []))
  // The longest say it best: whoever is missing there is missing in all that they begin with.
  return short.filter((prefix) => !short.some((other) => other !== prefix && other.startsWith(prefix)))
}
