import type {DirectoryAudit} from '@microsoft/microsoft-graph-types'

import type {Answer, Call} from '../call.js'
import {entity, param} from '../call.js'
import {notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readOptions, readSelect} from '../query/options.js'
import {page, project} from '../query/page.js'

const CONTEXT = 'auditLogs/directoryAudits'

/** What can be filtered by is what the documentation lists; an entry here has one target at most. */
const AUDIT_TYPE: EntityType = {
  name: 'microsoft.graph.directoryAudit',
  properties: new Set([
    'id',
    'category',
    'correlationId',
    'result',
    'resultReason',
    'activityDisplayName',
    'activityDateTime',
    'loggedByService',
    'operationType',
    'initiatedBy',
    'targetResources',
    'additionalDetails',
  ]),
  filter: {
    id: {column: 'a.id', type: 'text'},
    activityDateTime: {column: 'a.at', type: 'instant'},
    activityDisplayName: {column: 'a.activity', type: 'text'},
    correlationId: {column: 'a.correlation', type: 'text'},
    loggedByService: {column: 'a.service', type: 'text'},
    'initiatedBy/app/appId': {column: 'a.app', type: 'text'},
    'initiatedBy/app/displayName': {column: 'a.app_name', type: 'text'},
    'initiatedBy/user/id': {column: 'a.person', type: 'text'},
    'initiatedBy/user/displayName': {column: 'a.person_name', type: 'text'},
    'initiatedBy/user/userPrincipalName': {column: 'a.person_upn', type: 'text'},
    'targetResources/id': {column: 'a.target', type: 'text'},
    'targetResources/displayName': {column: 'a.target_name', type: 'text'},
  },
}

interface AuditRow {
  readonly seq: number
  readonly body: string
}

/** GET: newest first unless $orderby says otherwise; entries show up as late as the fault `auditDelay` says. */
export function listAudits(call: Call): Answer {
  const options = readOptions(call, AUDIT_TYPE, {directory: false, orderBy: ['activityDateTime']})
  const {sql, values} = options.condition
  const descending = options.order?.descending ?? true
  const where = `${sql} AND a.at <= ?`
  const from = descending ? '(? = 0 OR a.seq < ?)' : '(? = 0 OR a.seq > ?)'
  const until = latest(call)
  return page(call, options, {
    context: CONTEXT,
    fetch: (after, limit) =>
      call.store
        .all<AuditRow>(
          `SELECT a.seq, a.body FROM audits a WHERE ${where} AND ${from} ORDER BY a.seq ${descending ? 'DESC' : 'ASC'} LIMIT ?`,
          ...values,
          until,
          after,
          after,
          limit,
        )
        .map(({seq, body}) => ({position: seq, item: JSON.parse(body) as DirectoryAudit})),
    count: () =>
      call.store.get<{n: number}>(`SELECT count(*) AS n FROM audits a WHERE ${where}`, ...values, until)?.n ??
      0,
  })
}

export function getAudit(call: Call): Answer {
  const id = param(call, 'audit')
  const select = readSelect(call, AUDIT_TYPE)
  const sql = 'SELECT seq, body FROM audits a WHERE id = ? AND at <= ?'
  const row = call.store.get<AuditRow>(sql, id.toLowerCase(), latest(call))
  if (row === undefined) throw notFound(id)
  return entity(call, CONTEXT, project(JSON.parse(row.body) as DirectoryAudit, select))
}

/** Without the fault everything shows, also where the tenant's clock was put back. */
const latest = ({now, auditDelay}: Call): number =>
  auditDelay === 0 ? Number.MAX_SAFE_INTEGER : now.getTime() - auditDelay
