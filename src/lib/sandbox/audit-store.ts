import {randomUUID} from 'node:crypto'

import type {DirectoryAudit, ModifiedProperty} from '@microsoft/microsoft-graph-types'

import type {Store} from './store.js'

type Text = string | null

/** Who did it: an application or a person. */
export interface AuditActor {
  readonly app?:
    {readonly appId: Text; readonly displayName: Text; readonly servicePrincipalId: Text} | undefined
  readonly user?:
    {readonly id: Text; readonly displayName: Text; readonly userPrincipalName: Text} | undefined
}

/** What goes on record; the rest of an entry is the same for all. */
export interface AuditRecord {
  readonly activity: string
  readonly service: string
  readonly category?: string | undefined
  readonly operation?: string | undefined
  readonly reason?: string | undefined
  readonly actor: AuditActor
  readonly target: {readonly id: string; readonly displayName: Text; readonly userPrincipalName: Text}
  readonly changes: readonly ModifiedProperty[]
}

interface LastRow {
  readonly at: number | null
}

/** Appends an entry. Entries never run back in time: the order in which they were made is the order of their times. */
export function putAudit(store: Store, record: AuditRecord, moment: number, id?: string): void {
  const {activity, service, actor, target} = record
  const last = store.get<LastRow>('SELECT max(at) AS at FROM audits')?.at ?? 0
  const at = Math.max(last, moment)
  const entry = {
    id: id ?? `Directory_${randomUUID()}`,
    category: record.category ?? 'UserManagement',
    correlationId: randomUUID(),
    result: 'success',
    resultReason: record.reason ?? '',
    activityDisplayName: activity,
    activityDateTime: new Date(at).toISOString(),
    loggedByService: service,
    operationType: record.operation ?? 'Update',
    initiatedBy: {
      user: actor.user === undefined ? null : {...actor.user, ipAddress: null},
      app: actor.app === undefined ? null : {...actor.app, servicePrincipalName: null},
    },
    targetResources: [{...target, type: 'User', groupType: null, modifiedProperties: [...record.changes]}],
    additionalDetails: [],
  } satisfies DirectoryAudit
  const lower = (text: Text | undefined): Text => text?.toLowerCase() ?? null
  store.run(
    `INSERT INTO audits (id, at, activity, service, correlation, app, app_name, person, person_name, person_upn, target,
     target_name, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    entry.id.toLowerCase(),
    at,
    activity.toLowerCase(),
    service.toLowerCase(),
    entry.correlationId,
    lower(actor.app?.appId),
    lower(actor.app?.displayName),
    lower(actor.user?.id),
    lower(actor.user?.displayName),
    lower(actor.user?.userPrincipalName),
    target.id.toLowerCase(),
    lower(target.displayName),
    JSON.stringify(entry),
  )
}
