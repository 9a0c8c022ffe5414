import type {Store} from './store.js'
import {CURRENT, FOREVER} from './store.js'

/** Objects of the tenant itself: their owner is 0. */
export type TenantFactKind =
  | 'application'
  | 'servicePrincipal'
  | 'appRoleAssignment'
  | 'permissionGrant'
  | 'rolloutPolicy'
  | 'federation'

export type FactKind =
  | 'phone'
  | 'softwareOath'
  | 'microsoftAuthenticator'
  | 'fido2'
  | 'windowsHelloForBusiness'
  | 'temporaryAccessPass'
  | 'preferences'
  | 'requirements'
  /** Staged rollout: from when on one of its groups covers the user. */
  | 'rolloutCoverage'
  | TenantFactKind

/** Something that holds for one user from a moment on. Older versions stay as long as delayed reads need them. */
export interface Fact<Body> {
  readonly kind: FactKind
  readonly id: string
  readonly body: Body
}

interface FactRow {
  readonly kind: FactKind
  readonly id: string
  readonly body: string
}

/** What holds at `seenAt` (CURRENT for the newest), in the order in which it was made. */
export function factsOf<Body>(store: Store, owner: number, kind: FactKind, seenAt = CURRENT): Fact<Body>[] {
  return store
    .all<FactRow>(
      'SELECT kind, id, body FROM facts WHERE owner = ? AND kind = ? AND since <= ? AND until > ? ORDER BY seq',
      owner,
      kind,
      seenAt,
      seenAt,
    )
    .map((row) => ({kind: row.kind, id: row.id, body: JSON.parse(row.body) as Body}))
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the caller knows what was stored
export function factOf<Body>(
  store: Store,
  owner: number,
  kind: FactKind,
  id: string,
  seenAt = CURRENT,
): Body | undefined {
  const row = store.get<FactRow>(
    'SELECT kind, id, body FROM facts WHERE owner = ? AND kind = ? AND id = ? AND since <= ? AND until > ?',
    owner,
    kind,
    id,
    seenAt,
    seenAt,
  )
  return row === undefined ? undefined : (JSON.parse(row.body) as Body)
}

export function countFacts(store: Store, owner: number, kind: FactKind): number {
  const row = store.get<{n: number}>(
    'SELECT count(*) AS n FROM facts WHERE owner = ? AND kind = ? AND until = ?',
    owner,
    kind,
    FOREVER,
  )
  return row?.n ?? 0
}

/** How long replaced versions are kept, in ms: what the `consistency` fault needs. 0 keeps none. */
export interface Moment {
  readonly at: number
  readonly keep: number
}

/** Writes a fact; `key` can be searched for over all users. */
export function putFact(
  store: Store,
  owner: number,
  fact: Fact<object> & {readonly key?: string | undefined},
  moment: Moment,
): void {
  endFact(store, owner, fact.kind, fact.id, moment)
  store.run(
    'INSERT INTO facts (owner, kind, id, key, body, since, until) VALUES (?, ?, ?, ?, ?, ?, ?)',
    owner,
    fact.kind,
    fact.id,
    fact.key ?? null,
    JSON.stringify(fact.body),
    moment.at,
    FOREVER,
  )
}

/** True if there was one. */
export function endFact(store: Store, owner: number, kind: FactKind, id: string, moment: Moment): boolean {
  store.run(
    'DELETE FROM facts WHERE owner = ? AND kind = ? AND id = ? AND until <= ?',
    owner,
    kind,
    id,
    moment.at - moment.keep,
  )
  const changes =
    moment.keep === 0
      ? store.run(
          'DELETE FROM facts WHERE owner = ? AND kind = ? AND id = ? AND until = ?',
          owner,
          kind,
          id,
          FOREVER,
        )
      : store.run(
          'UPDATE facts SET until = ? WHERE owner = ? AND kind = ? AND id = ? AND until = ?',
          moment.at,
          owner,
          kind,
          id,
          FOREVER,
        )
  return changes > 0
}
