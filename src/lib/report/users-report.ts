import {MfaError} from '../errors/mfa-error.js'
import type {UserPair} from '../migration/pair.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {Scratch} from '../ports/scratch.js'
import {held, LazyList} from './lazy-list.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

type Named = Column<UserPair> & {readonly needsMethods?: boolean}

const ALL: readonly Named[] = [
  {key: 'user', title: 'User', value: ({entra}) => entra.userPrincipalName, weight: 2},
  {key: 'name', title: 'Name', value: ({entra}) => entra.displayName},
  {key: 'enabled', title: 'Enabled', value: ({entra}) => (entra.accountEnabled ? 'yes' : 'no'), weight: 0},
  {key: 'server', title: 'Server user', value: ({server}) => server?.username},
  {key: 'mode', title: 'Server default', value: ({server}) => server?.mode, weight: 0},
  {key: 'phone', title: 'Server phone', value: ({server}) => serverPhone(server?.phone)},
  {key: 'match', title: 'No match because', value: ({finding}) => finding?.detail, weight: 2},
  {
    key: 'default',
    title: 'Entra default',
    value: ({methods}) => methods?.preferred,
    needsMethods: true,
    weight: 0,
  },
  {
    key: 'phones',
    title: 'Entra phones',
    value: ({methods}) => phones(methods),
    needsMethods: true,
    weight: 2,
  },
  {
    key: 'devices',
    title: 'Apps',
    value: ({methods}) => methods?.authenticators.length,
    needsMethods: true,
    weight: 0,
  },
  {key: 'tokens', title: 'Tokens', value: ({methods}) => tokens(methods), needsMethods: true},
]
const USUAL = ['user', 'name', 'enabled', 'server', 'mode', 'phone', 'match']

export interface UserColumns {
  readonly columns: readonly Column<UserPair>[]
  /** Whether Graph has to be asked about methods; costs three reads a user. */
  readonly needMethods: boolean
}

/** `--columns`. Throws MfaError `usage` that lists the columns there are. */
export function parseUserColumns(text: string | undefined): UserColumns {
  const names = text?.split(',').map((name) => name.trim()) ?? USUAL
  const columns = names.map((name) => {
    const column = ALL.find(({key}) => key === name)
    if (column !== undefined) return column
    throw new MfaError('BAD_FLAG', `--columns: there is no column "${name}"`, {
      exit: 'usage',
      fix: `Columns are ${ALL.map(({key}) => key).join(', ')}.`,
    })
  })
  return {columns, needMethods: columns.some(({needsMethods}) => needsMethods === true)}
}

/** What is shown of a user: the columns' values, in their order; null where there is none. */
interface UserRow {
  readonly id: string
  readonly cells: readonly (Exclude<ReturnType<Column<UserPair>['value']>, undefined> | null)[]
}

/** `mfa users list`; users are on disk, not in memory. */
export async function showUsers(
  chunks: AsyncIterable<{readonly pairs: readonly UserPair[]}>,
  {columns}: UserColumns,
  scratch: Scratch,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const bag = scratch.bag<UserRow>('shown-users')
  const filled = new Set([0])
  const rows = await held(rowsOf(chunks, columns), bag, ({cells}) => {
    for (const [index, cell] of cells.entries()) if (cell !== null) filled.add(index)
  })
  const laid = columns.map((column, index): Column<UserRow> => ({
    ...column,
    value: ({cells}) => cells[index] ?? undefined,
  }))
  const shown = laid.filter((_, index) => filled.has(index))
  await show.out.table(shown, rows, {limit: TABLE_LIMIT, empty: 'The group has no users.'})
  await writeCsv(csv, laid, rows, show)
  show.out.line(countOf(bag.size, 'user'))
  const json = ({id, cells}: UserRow) =>
    Object.fromEntries([['id', id], ...columns.map(({key}, index) => [key, cells[index] ?? null])])
  return {
    users: new LazyList(function* () {
      for (const row of rows) yield json(row)
    }),
  }
}

async function* rowsOf(
  chunks: AsyncIterable<{readonly pairs: readonly UserPair[]}>,
  columns: readonly Column<UserPair>[],
): AsyncIterable<UserRow> {
  for await (const {pairs} of chunks)
    for (const pair of pairs) yield {id: pair.entra.id, cells: columns.map(({value}) => value(pair) ?? null)}
}

export function serverPhone(phone: NonNullable<UserPair['server']>['phone']): string | undefined {
  if (phone === undefined) return undefined
  const country = phone.countryCode === undefined ? '' : `+${phone.countryCode.replace(/^\+/, '')} `
  return `${country}${phone.number}${phone.extension === undefined ? '' : `x${phone.extension}`}`
}

const phones = (methods: UserPair['methods']): string | undefined =>
  methods?.phones.map(({slot, number}) => `${slot} ${number}`).join(', ')

const tokens = (methods: UserPair['methods']): string | undefined =>
  methods?.hardwareOath.map(({serialNumber, status}) => `${serialNumber ?? '?'} (${status})`).join(', ')
