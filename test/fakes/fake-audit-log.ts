import type {ObjectId} from '../../src/lib/model/brand.js'
import {Secret} from '../../src/lib/model/secret.js'
import type {ActorFilter, AuditActor, AuditEntry, AuditLog} from '../../src/lib/ports/audit-log.js'

export interface LoggedProperty {
  readonly property: string
  readonly before?: string
  readonly after?: string
}

/** An entry as tests write it. */
export interface Logged {
  readonly at: string
  readonly user: string
  readonly actor?: AuditActor
  readonly result?: string
  readonly activity?: string
  readonly service?: string
  readonly properties?: readonly LoggedProperty[]
}

export const SERVICE: AuditActor = {kind: 'app', name: 'Azure MFA StrongAuthenticationService'}

let made = 0

export function logged({
  at,
  user,
  actor = SERVICE,
  result,
  activity,
  service,
  properties = [],
}: Logged): AuditEntry {
  made += 1
  const secret = (text: string | undefined) => (text === undefined ? undefined : new Secret(text))
  return {
    id: `entry-${made}`,
    at,
    activity: activity ?? 'Update user',
    result: result ?? 'success',
    service,
    actor,
    targets: [
      {
        id: user,
        name: `${user}@contoso.com`,
        properties: properties.map(({property, before, after}) => ({
          property,
          before: secret(before),
          after: secret(after),
        })),
      },
    ],
  }
}

/** Keeps entries, filters as the service does, newest first, and pages at two. */
export class FakeAuditLog implements AuditLog {
  readonly all: AuditEntry[] = []

  add(...entries: readonly Logged[]): void {
    this.all.push(...entries.map(logged))
  }

  async *entries({from, to, actor, target}: Parameters<AuditLog['entries']>[0]) {
    const found = this.all
      .filter((entry) => from === undefined || new Date(entry.at) >= from)
      .filter((entry) => to === undefined || new Date(entry.at) <= to)
      .filter((entry) => actor === undefined || isBy(entry.actor, actor))
      .filter((entry) => target === undefined || entry.targets.some(({id}) => (id as ObjectId) === target))
      .sort((one, other) => (one.at < other.at ? 1 : -1))
    for (let at = 0; at < found.length; at += 2) yield found.slice(at, at + 2)
  }

  reaches(): Promise<string | undefined> {
    return Promise.resolve(
      this.all
        .map(({at}) => at)
        .sort()
        .at(-1),
    )
  }
}

function isBy({id, name, kind}: AuditActor, filter: ActorFilter): boolean {
  if ('appId' in filter) return kind === 'app' && id === filter.appId
  if ('appName' in filter) return kind === 'app' && name === filter.appName
  return kind === 'person' && name === filter.userPrincipalName
}
