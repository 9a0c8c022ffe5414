import {countOf} from '../../model/count-of.js'
import type {SourceProblem} from '../../ports/source.js'
import {CallFailure} from './call-failure.js'
import type {Calls, Query, SearchEnd, UserRow} from './calls.js'
import type {NameFilter} from './name-filter.js'
import {findOutMeaning} from './name-filter.js'
import type {NameRegister} from './name-register.js'
import {partition} from './partition.js'

/** Rows of one answer that are held in memory at once; longer answers are taken row by row. */
const HELD_ROWS = 20_000
const LONGEST_LIMIT = 10_000_000

export interface ListingOptions {
  readonly calls: Calls
  readonly register: NameRegister
  /** How many rows a first search asks for. */
  readonly limit: number
  readonly concurrency: number
  /** Whether the search can filter by enabled or not, and the modes it can filter by. */
  readonly axes: {readonly enabled: boolean; readonly modes: readonly string[]}
  readonly operation: string
  readonly signal: AbortSignal
  readonly onProgress: (found: number) => void
}

export interface Listing {
  /** Plain sentence: how it was shown that nobody is missing, or why it could not be. */
  readonly proof: string
  readonly filter?: NameFilter | undefined
  readonly problems: readonly SourceProblem[]
}

/**
 * Finds every user, although a search has no cursor, only a limit and the word `resultsComplete`.
 *
 * 1. A search without a filter; while it is incomplete and higher limits bring more rows, with ten times the limit.
 *    Complete: that is everybody, by the server's own word. The word is checked by a second listing along another axis
 *    (enabled, then disabled users): nobody may turn up there who was not in the first; else its word counts no more.
 * 2. The server gives no more than so many rows: the names are partitioned (see partition.ts) until each part is
 *    complete. What a name may begin with cannot be asked, so this shows that nobody is missing only among names made
 *    of the characters that were tried; it is checked by the same second listing and by counting, and in any case ends
 *    with an `incomplete` problem that says so — unless the parts by enabled and mode, whose values are all
 *    known, are each complete.
 *
 * Limits: both rest on `resultsComplete` being true only where it is true; and a user added or renamed while this
 * runs may or may not be listed.
 */
export async function listUsers(options: ListingOptions): Promise<Listing> {
  const {register, limit} = options
  const blank = await findsWithBlanks(options)
  const query = {blank}
  let asked = limit
  let end = await sweep(options, {...query, limit: asked})
  let failure: unknown
  while (!end.complete && asked < LONGEST_LIMIT) {
    asked = Math.min(asked * 10, LONGEST_LIMIT)
    try {
      const next = await sweep(options, {...query, limit: asked})
      if (!next.complete && next.rows <= end.rows) break
      end = next
    } catch (error) {
      // A limit that this server refuses or cannot serve in time is no limit to go by.
      if (!(error instanceof CallFailure) || ['auth', 'certificate-refused'].includes(error.kind)) throw error
      failure = error
      break
    }
  }
  const listing = end.complete
    ? await crossCheck(options, {...query, limit: asked}, Math.max(1, end.rows))
    : await inParts(options, blank, Math.min(Math.max(1, end.rows), HELD_ROWS))
  if (register.size === 0 && failure !== undefined) throw failure
  return {...listing, problems: [...nameless(options), ...listing.problems]}
}

/** Whether text filters must be sent empty: some servers may take a missing one for a filter that nobody passes. */
async function findsWithBlanks(options: ListingOptions): Promise<boolean> {
  const small = {limit: options.limit}
  const first = await sweep(options, {...small, blank: false}).catch((error: unknown) => {
    if (error instanceof CallFailure && ['fault', 'refused-by-operation'].includes(error.kind)) return error
    throw error
  })
  if (!(first instanceof CallFailure) && first.rows > 0) return false
  const second = await sweep(options, {...small, blank: true}).catch((error: unknown) => {
    throw first instanceof CallFailure ? first : error
  })
  return second.rows > 0 || first instanceof CallFailure
}

/** One search into the register, row by row; a repeated attempt counts as another answer. */
export async function sweep(
  options: ListingOptions,
  query: Query,
  onNew: (name: string) => void = () => undefined,
): Promise<SearchEnd> {
  const {calls, register, signal, onProgress} = options
  let current = 0
  let add: (row: UserRow) => boolean = () => false
  return calls.search(
    query,
    (row, attempt) => {
      if (attempt !== current) {
        current = attempt
        add = register.answer()
      }
      if (!add(row)) return
      onNew(row.username)
      onProgress(register.size)
    },
    signal,
  )
}

/** The second listing, after a complete first one of `rows` rows. */
async function crossCheck(options: ListingOptions, query: Query, rows: number): Promise<Listing> {
  const {register, axes, operation, calls, signal} = options
  const word = `the server called its list of ${countOf(register.size, 'user')} complete`
  if (!axes.enabled) return {proof: `${word}; it offers no second way to list them`, problems: []}
  const added = new Set<string>()
  const parts: SearchEnd[] = []
  for (const enabled of [true, false])
    parts.push(await sweep(options, {...query, enabled}, (name) => added.add(name)))
  if (added.size === 0) {
    const whole = parts.every(({complete}) => complete)
    const second = whole
      ? '(enabled users, then disabled ones) had nobody else'
      : 'was cut off, and had nobody else so far'
    return {proof: `${word}, and a second listing ${second}`, problems: []}
  }
  const more = added.size
  await calls.search(query, ({username}) => added.delete(username), signal)
  if (added.size === 0)
    return {proof: `${word}; ${more} more were added meanwhile and are listed too`, problems: []}
  const message = `${word}, but ${added.size} more turned up when it was asked for enabled and disabled users; its word cannot be trusted`
  const listing = await inParts(options, query.blank, Math.min(rows, HELD_ROWS))
  const problem = {code: 'incomplete', file: operation, field: 'resultsComplete', message} as const
  return {...listing, problems: [problem, ...listing.problems]}
}

async function inParts(options: ListingOptions, blank: boolean, limit: number): Promise<Listing> {
  const {register, axes, calls, signal, operation} = options
  const problem = (message: string): SourceProblem => ({
    code: 'incomplete',
    file: operation,
    field: 'resultsComplete',
    message,
  })
  const capped = `the server gives at most ${countOf(limit, 'user')} per search`
  const lookup = async (username: string): Promise<{end: SearchEnd; names: string[]}> => {
    const {end, rows} = await calls.page({username, blank, limit}, signal)
    return {end, names: rows.map((row) => row.username)}
  }
  const filter = await findOutMeaning(firstNames(register), lookup)
  const usable = filter.meaning !== 'ignored' && filter.meaning !== 'unknown'
  const byValues = async (): Promise<boolean> => {
    let whole = axes.enabled && axes.modes.length > 0
    for (const enabled of axes.enabled ? [true, false] : [undefined]) {
      for (const mode of axes.modes.length > 0 ? axes.modes : [undefined]) {
        const end = await sweep(options, {blank, limit, enabled, mode})
        whole &&= end.complete
      }
    }
    return whole
  }
  let whole = await byValues()
  if (whole)
    return {
      proof: `${capped}; each part by enabled and mode was complete (${countOf(register.size, 'user')})`,
      filter,
      problems: [],
    }
  if (!usable) {
    const what =
      filter.meaning === 'ignored'
        ? 'takes no notice of the username filter'
        : 'takes the username filter in no way that is known here'
    return {
      proof: `${capped} and ${what}: users are missing`,
      filter,
      problems: [
        problem(
          `${capped} and ${what}, so that users are missing: ${register.size} ${register.size === 1 ? 'was' : 'were'} found. Use an export bundle instead.`,
        ),
      ],
    }
  }
  const result = await partition({...options, filter, blank, limit, again: byValues})
  const found = `${countOf(register.size, 'user')} ${register.size === 1 ? 'was' : 'were'} found by the beginnings of their names (${countOf(result.searches, 'search', 'searches')})`
  if (result.short.length > 0) {
    const shown = result.short
      .slice(0, 5)
      .map((prefix) => JSON.stringify(prefix))
      .join(', ')
    return {
      proof: `${capped}; ${found}, but not all that begin with ${shown}`,
      filter,
      problems: [
        problem(
          `${capped}, and more users than were found have names that begin with ${shown}${result.short.length > 5 ? ' and others' : ''}; their names cannot be told apart by a search. Use an export bundle instead.`,
        ),
      ],
    }
  }
  const limits = `names are known to be complete only if each of their characters is one of the ${result.units} that were tried`
  return {
    proof: `${capped}; ${found}; ${limits}`,
    filter,
    problems: [
      problem(
        `${capped}; ${found}, but ${limits} (ASCII, other scripts as first letters, and all that occur in a name that was found). Compare the number with the one that the server's console shows.`,
      ),
    ],
  }
}

function firstNames(register: NameRegister): string[] {
  const names: string[] = []
  for (const {username} of register.entries()) {
    names.push(username)
    if (names.length >= 1000) break
  }
  return names
}

function nameless({register, operation}: ListingOptions): SourceProblem[] {
  if (register.nameless === 0) return []
  return [
    {
      code: 'row-without-user',
      file: operation,
      field: 'Username',
      message: `${countOf(register.nameless, 'row has', 'rows have')} no user name; such a user cannot be asked for`,
    },
  ]
}
