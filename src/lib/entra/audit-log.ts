import type {AuditActivityInitiator, DirectoryAudit, TargetResource} from '@microsoft/microsoft-graph-types'
import {Secret} from '../model/secret.js'
import type {
  ActorFilter,
  AuditActor,
  AuditEntry,
  AuditLog,
  AuditQuery,
  AuditTarget,
} from '../ports/audit-log.js'
import {quoted} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

const AUDITS = '/auditLogs/directoryAudits'
const NEWEST_FIRST = 'activityDateTime desc'

/** The directory's audit log through Graph v1.0. */
export function createAuditLog(graph: Graph): AuditLog {
  return {
    async *entries(query, signal) {
      const filter = filterOf(query)
      const request = {
        method: 'GET',
        version: 'v1.0',
        path: AUDITS,
        query: {
          ...(filter === '' ? {} : {$filter: filter}),
          $orderby: NEWEST_FIRST,
          $top: '999',
        },
      } as const
      for await (const page of graph.pages(request, signal))
        yield (page as readonly DirectoryAudit[]).flatMap((entry) => entryOf(entry) ?? [])
    },
    async reaches(signal) {
      const request = {
        method: 'GET',
        version: 'v1.0',
        path: AUDITS,
        query: {$orderby: NEWEST_FIRST, $top: '1'},
      } as const
      const {body} = await graph.read(request, signal)
      const [newest] = (body as {value?: readonly DirectoryAudit[]}).value ?? []
      return newest?.activityDateTime ?? undefined
    },
  }
}

function filterOf({from, to, actor, target}: AuditQuery): string {
  return [
    ...(from === undefined ? [] : [`activityDateTime ge ${from.toISOString()}`]),
    ...(to === undefined ? [] : [`activityDateTime le ${to.toISOString()}`]),
    ...(actor === undefined ? [] : [actorFilter(actor)]),
    ...(target === undefined ? [] : [`targetResources/any(t: t/id eq ${quoted(target)})`]),
  ].join(' and ')
}

function actorFilter(actor: ActorFilter): string {
  if ('appId' in actor) return `initiatedBy/app/appId eq ${quoted(actor.appId)}`
  if ('appName' in actor) return `initiatedBy/app/displayName eq ${quoted(actor.appName)}`
  return `initiatedBy/user/userPrincipalName eq ${quoted(actor.userPrincipalName)}`
}

/** Undefined for an entry without id or time. */
function entryOf(entry: DirectoryAudit): AuditEntry | undefined {
  const {id, activityDateTime} = entry
  if (!id || !activityDateTime) return undefined
  return {
    id,
    at: activityDateTime,
    activity: entry.activityDisplayName ?? '',
    result: entry.result ?? undefined,
    reason: entry.resultReason || undefined,
    service: entry.loggedByService ?? undefined,
    actor: actorOf(entry.initiatedBy ?? {}),
    targets: (entry.targetResources ?? []).map(targetOf),
  }
}

function actorOf({app, user}: AuditActivityInitiator): AuditActor {
  if (app) return {kind: 'app', id: app.appId ?? undefined, name: app.displayName ?? undefined}
  if (!user) return {kind: 'unknown'}
  // Graph has the name; its type description lacks it.
  const {userPrincipalName} = user as {readonly userPrincipalName?: string | null}
  return {
    kind: 'person',
    id: user.id ?? undefined,
    name: userPrincipalName ?? user.displayName ?? undefined,
  }
}

function targetOf({id, userPrincipalName, displayName, modifiedProperties}: TargetResource): AuditTarget {
  return {
    id: id ?? undefined,
    name: userPrincipalName ?? displayName ?? undefined,
    properties: (modifiedProperties ?? []).flatMap((change) =>
      change.displayName
        ? [{property: change.displayName, before: hidden(change.oldValue), after: hidden(change.newValue)}]
        : [],
    ),
  }
}

const hidden = (value: string | null | undefined): Secret | undefined =>
  typeof value === 'string' ? new Secret(value) : undefined
