import type {ActorFilter} from '../ports/audit-log.js'

export interface KqlRequest {
  /** Any of these; everybody if there is none. */
  readonly actors: readonly ActorFilter[]
  /** Milliseconds back from when the query is run, or the moment to begin at. */
  readonly since: number | Date
  readonly userPrincipalName?: string | undefined
}

/** The two queries of Microsoft's migration guide over the table AuditLogs of Log Analytics: what happened to whom, and users a day. */
export function kqlQueries(request: KqlRequest): {readonly details: string; readonly summary: string} {
  const head = [
    'AuditLogs',
    `| where ActivityDateTime > ${sinceOf(request.since)}`,
    '| extend ActorAppId = tostring(InitiatedBy["app"]["appId"])',
    '| extend Actor = coalesce(tostring(InitiatedBy["app"]["displayName"]), tostring(InitiatedBy["user"]["userPrincipalName"]))',
    ...(request.actors.length === 0 ? [] : [`| where ${request.actors.map(condition).join(' or ')}`]),
    '| extend UserObjectId = tostring(TargetResources[0]["id"])',
    '| extend Upn = tostring(TargetResources[0]["userPrincipalName"])',
    ...(request.userPrincipalName === undefined
      ? []
      : [`| where Upn =~ ${literal(request.userPrincipalName)}`]),
  ]
  return {
    details: [
      ...head,
      '| extend ModifiedProperties = TargetResources[0]["modifiedProperties"]',
      '| project ActivityDateTime, Actor, UserObjectId, Upn, ModifiedProperties',
      '| order by ActivityDateTime asc',
    ].join('\n'),
    summary: [
      ...head,
      '| summarize UsersMigrated = dcount(UserObjectId) by Actor, bin(ActivityDateTime, 1d)',
      '| order by ActivityDateTime asc',
    ].join('\n'),
  }
}

function condition(actor: ActorFilter): string {
  if ('appId' in actor) return `ActorAppId =~ ${literal(actor.appId)}`
  return `Actor =~ ${literal('appName' in actor ? actor.appName : actor.userPrincipalName)}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

function sinceOf(since: number | Date): string {
  if (typeof since !== 'number') return `datetime(${since.toISOString()})`
  const [name, ms] = UNITS.find(([, unit]) => since % unit === 0) ?? ['s', 1000]
  return `ago(${Math.round(since / ms)}${name})`
}

/** A string of Kusto: what could end it is escaped. */
const literal = (text: string): string => JSON.stringify(text)
