import type {Clock} from '../../ports/clock.js'
import type {SourceDescription} from '../../ports/source.js'
import type {Connection} from './connection.js'
import type {Listing} from './list-users.js'
import {findOutMeaning, type FilterMeaning, type Lookup} from './name-filter.js'

type Facts = SourceDescription['facts']

export interface DescribeOptions {
  readonly resultLimit: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** What the last pass over all users found. */
  readonly known?: Listing | undefined
}

const TIMED_READS = 5

const MEANINGS: Readonly<Record<FilterMeaning, string>> = {
  prefix: 'beginning of the name',
  substring: 'part of the name',
  glob: 'pattern with * and ?',
  like: 'pattern with % and _',
  ignored: 'not taken notice of',
  unknown: 'could not be found out',
}

/** The facts of `mfa source check`; a page of users and a handful of reads. Throws CallFailure. */
export async function describeConnection(connection: Connection, options: DescribeOptions): Promise<Facts> {
  const {calls, chosen, greeting} = connection
  const {resultLimit, signal, known} = options
  const {rows} = await calls.page({blank: false, limit: resultLimit}, signal)
  const names = rows.map(({username}) => username).filter((name) => name !== '')
  const lookup: Lookup = async (username) => {
    const page = await calls.page({username, blank: false, limit: resultLimit}, signal)
    return {end: page.end, names: page.rows.map((row) => row.username)}
  }
  const {meaning, ignoresCase} = known?.filter ?? (await findOutMeaning(names, lookup))
  const facts: {name: string; value: string}[] = [
    {name: 'server', value: serverClues(connection)},
    {
      name: 'operations',
      value: [chosen.settings, chosen.find, chosen.devices].flatMap((one) => one?.name ?? []).join(', '),
    },
    ...lacks(connection),
    {
      name: 'name filter',
      value: `${MEANINGS[meaning]}${meaning === 'ignored' || meaning === 'unknown' ? '' : `, letter case ${ignoresCase ? 'does not matter' : 'matters'}`}`,
    },
  ]
  if (greeting.trim() !== '') facts.push({name: 'TestSecurity', value: greeting.trim().slice(0, 200)})
  if (known !== undefined) facts.push({name: 'completeness', value: known.proof})
  const perUser = await timePerUser(connection, names.slice(0, TIMED_READS), options)
  if (perUser !== undefined) {
    facts.push({
      name: 'time per user',
      value: `${Math.max(1, Math.round(perUser))} ms (settings and devices)`,
    })
  }
  return facts
}

function serverClues({headers, chosen}: Connection): string {
  const clues = ['server', 'x-aspnet-version', 'x-powered-by'].flatMap((name) => {
    const value = headers[name]
    return value === undefined
      ? []
      : [name === 'x-aspnet-version' ? `ASP.NET ${String(value)}` : String(value)]
  })
  return [
    ...clues,
    `highest operations ${[...chosen.passedOver, chosen.settings.name, chosen.find.name].join(', ')}`,
  ].join('; ')
}

function lacks({chosen}: Connection): {name: string; value: string}[] {
  const facts: {name: string; value: string}[] = []
  if (chosen.passedOver.length > 0) {
    facts.push({
      name: 'not used',
      value: `${chosen.passedOver.join(', ')} (newer, with required inputs that are not known here)`,
    })
  }
  if (chosen.devices === undefined) facts.push({name: 'devices', value: 'this server cannot list them'})
  if (!chosen.shape.settings.has('OathTokenSerialNumber')) {
    facts.push({name: 'OATH tokens', value: 'this server does not show them'})
  }
  return facts
}

async function timePerUser(
  {calls}: Connection,
  names: readonly string[],
  {clock, signal}: DescribeOptions,
): Promise<number | undefined> {
  if (names.length === 0) return undefined
  const times: number[] = []
  for (const name of names) {
    const start = clock.monotonic()
    await calls.settings(name, signal)
    await calls.devices(name, signal)
    times.push(clock.monotonic() - start)
  }
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)]
}
