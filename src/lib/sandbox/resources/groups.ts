import type {Group} from '@microsoft/microsoft-graph-types'

import type {Answer, Call} from '../call.js'
import {entity, param} from '../call.js'
import {notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readCountOptions, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import {countTable, listTable, type Table} from '../query/table.js'
import type {Store} from '../store.js'

export interface StoredGroup {
  readonly id: string
  readonly displayName: string
  readonly createdDateTime: string
  readonly description?: string | undefined
  readonly mailNickname?: string | undefined
  /** Of a dynamic group. */
  readonly membershipRule?: string | undefined
}

export interface GroupRow {
  readonly seq: number
  readonly body: string
}

export const GROUP_TYPE: EntityType = {
  name: 'microsoft.graph.group',
  properties: new Set([
    'id',
    'deletedDateTime',
    'classification',
    'createdDateTime',
    'description',
    'displayName',
    'groupTypes',
    'isAssignableToRole',
    'mail',
    'mailEnabled',
    'mailNickname',
    'membershipRule',
    'membershipRuleProcessingState',
    'onPremisesDomainName',
    'onPremisesSamAccountName',
    'onPremisesSecurityIdentifier',
    'onPremisesSyncEnabled',
    'securityEnabled',
    'visibility',
  ]),
  filter: {
    id: {column: 'g.id', type: 'text'},
    displayName: {column: 'g.name', type: 'text'},
  },
}

const TABLE: Table<GroupRow> = {
  from: 'groups g',
  columns: 'g.seq, g.body',
  context: 'groups',
  item: rowToGroup,
}

export function listGroups(call: Call): Answer {
  return listTable(call, readOptions(call, GROUP_TYPE), TABLE)
}

export function countGroups(call: Call): Answer {
  return countTable(call, TABLE.from, readCountOptions(call, GROUP_TYPE))
}

export function getGroup(call: Call): Answer {
  const select = readSelect(call, GROUP_TYPE)
  return entity(call, 'groups', project(rowToGroup(groupOf(call)), select))
}

/** The group named in the path. Throws GraphFault 404. */
export function groupOf(call: Call): GroupRow {
  const id = param(call, 'group')
  const row = findGroup(call.store, id)
  if (row === undefined) throw notFound(id)
  return row
}

export function findGroup(store: Store, id: string): GroupRow | undefined {
  return store.get<GroupRow>('SELECT seq, body FROM groups WHERE id = ?', id.toLowerCase())
}

export function rowToGroup(row: GroupRow): Group {
  const stored = JSON.parse(row.body) as StoredGroup
  const dynamic = stored.membershipRule !== undefined
  return {
    id: stored.id,
    deletedDateTime: null,
    classification: null,
    createdDateTime: stored.createdDateTime,
    description: stored.description ?? null,
    displayName: stored.displayName,
    groupTypes: dynamic ? ['DynamicMembership'] : [],
    isAssignableToRole: null,
    mail: null,
    mailEnabled: false,
    mailNickname: stored.mailNickname ?? stored.id.slice(0, 8),
    membershipRule: stored.membershipRule ?? null,
    membershipRuleProcessingState: dynamic ? 'On' : null,
    onPremisesDomainName: null,
    onPremisesSamAccountName: null,
    onPremisesSecurityIdentifier: null,
    onPremisesSyncEnabled: null,
    securityEnabled: true,
    visibility: null,
  }
}
