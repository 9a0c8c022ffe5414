import {MfaError} from '../errors/mfa-error.js'
import type {UserPair} from '../migration/pair.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
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

/** `mfa users list` */
export async function showUsers(
  chunks: AsyncIterable<{readonly pairs: readonly UserPair[]}>,
  {columns}: UserColumns,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const pairs: UserPair[] = []
  for await (const chunk of chunks) pairs.push(...chunk.pairs)
  const shown = columns.filter(
    ({value}, index) => index === 0 || pairs.some((pair) => value(pair) !== undefined),
  )
  await show.out.table(shown, pairs, {limit: TABLE_LIMIT, empty: 'The group has no users.'})
  await writeCsv(csv, columns, pairs, show)
  show.out.line(countOf(pairs.length, 'user'))
  const users = pairs.map((pair) =>
    Object.fromEntries([['id', pair.entra.id], ...columns.map(({key, value}) => [key, value(pair) ?? null])]),
  )
  return {users}
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
