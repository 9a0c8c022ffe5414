import type {User} from '@microsoft/microsoft-graph-types'

import type {Answer, Call} from '../call.js'
import {entity, param} from '../call.js'
import {GraphFault, notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readCountOptions, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import type {Placed} from '../query/page.js'
import {countTable, listTable} from '../query/table.js'
import type {Store} from '../store.js'

/** What Graph gives when nothing is selected. */
const DEFAULT_PROPERTIES = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
] as const

/** The rest of what may be selected; most of it is empty here. */
const MORE_PROPERTIES = [
  'accountEnabled',
  'city',
  'companyName',
  'country',
  'createdDateTime',
  'department',
  'employeeId',
  'mailNickname',
  'onPremisesDistinguishedName',
  'onPremisesDomainName',
  'onPremisesImmutableId',
  'onPremisesLastSyncDateTime',
  'onPremisesSamAccountName',
  'onPremisesSecurityIdentifier',
  'onPremisesSyncEnabled',
  'onPremisesUserPrincipalName',
  'otherMails',
  'proxyAddresses',
  'streetAddress',
  'usageLocation',
  'userType',
] as const

const LISTS: ReadonlySet<string> = new Set(['businessPhones', 'otherMails', 'proxyAddresses'])

export const USER_TYPE: EntityType = {
  name: 'microsoft.graph.user',
  properties: new Set([...DEFAULT_PROPERTIES, ...MORE_PROPERTIES]),
  filter: {
    id: {column: 'u.id', type: 'text'},
    userPrincipalName: {column: 'u.upn', type: 'text'},
    displayName: {column: 'u.name', type: 'text'},
    mail: {column: 'u.mail', type: 'text'},
    accountEnabled: {column: 'u.enabled', type: 'boolean'},
    userType: {column: 'u.type', type: 'text'},
    onPremisesSyncEnabled: {column: 'u.synced', type: 'boolean'},
    onPremisesSecurityIdentifier: {column: 'u.sid', type: 'text'},
    onPremisesSamAccountName: {column: 'u.sam', type: 'text', advanced: true},
    onPremisesDomainName: {column: 'u.domain', type: 'text', advanced: true},
  },
}

export interface UserRow {
  readonly seq: number
  readonly body: string
}

/** What the seed knows of a user; stored as one JSON text. */
export interface StoredUser {
  readonly id: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly accountEnabled: boolean
  readonly userType: 'Member' | 'Guest'
  readonly createdDateTime: string
  readonly mail?: string | undefined
  readonly onPremisesSyncEnabled?: boolean | undefined
  readonly onPremisesSecurityIdentifier?: string | undefined
  readonly onPremisesSamAccountName?: string | undefined
  readonly onPremisesDomainName?: string | undefined
}

const FROM = 'users u'

export function listUsers(call: Call): Answer {
  const options = readOptions(call, USER_TYPE)
  return listTable<UserRow>(call, options, {
    from: FROM,
    columns: 'u.seq, u.body',
    context: 'users',
    item: (row) => placedUser(row, options.select).item,
  })
}

export function countUsers(call: Call): Answer {
  return countTable(call, FROM, readCountOptions(call, USER_TYPE))
}

export function getUser(call: Call): Answer {
  const select = readSelect(call, USER_TYPE)
  return entity(call, 'users', project(toUser(userOf(call).stored, select), select))
}

/** The user named in the path, by object id or UPN. Throws GraphFault 404; 500 for a user that is to fail. */
export function userOf(call: Call): {seq: number; stored: StoredUser} {
  const name = param(call, 'user')
  const row = findUser(call.store, name)
  if (row === undefined) throw notFound(name)
  const stored = JSON.parse(row.body) as StoredUser
  if (call.failing.has(stored.userPrincipalName.toLowerCase())) {
    throw new GraphFault(500, 'Service_InternalServerError', 'Encountered an internal server error.')
  }
  return {seq: row.seq, stored}
}

export function findUser(store: Store, idOrUpn: string): UserRow | undefined {
  const name = idOrUpn.toLowerCase()
  return store.get<UserRow>('SELECT seq, body FROM users WHERE id = ? OR upn = ?', name, name)
}

/** By object id only: a user principal name is none. */
export function findUserById(store: Store, id: string): UserRow | undefined {
  return store.get<UserRow>('SELECT seq, body FROM users WHERE id = ?', id.toLowerCase())
}

export function storedUser(store: Store, seq: number): StoredUser | undefined {
  const row = store.get<UserRow>('SELECT seq, body FROM users WHERE seq = ?', seq)
  return row === undefined ? undefined : (JSON.parse(row.body) as StoredUser)
}

export function placedUser(row: UserRow, select: readonly string[] | undefined): Placed {
  return {position: row.seq, item: toUser(JSON.parse(row.body) as StoredUser, select)}
}

/** The user with the properties that Graph would show: the default ones, or those selected. */
export function toUser(stored: StoredUser, select: readonly string[] | undefined): User {
  const all: Record<string, unknown> = {...stored}
  const names: readonly string[] = select ?? DEFAULT_PROPERTIES
  return Object.fromEntries(names.map((name) => [name, all[name] ?? (LISTS.has(name) ? [] : null)]))
}
