import type {Moment} from './facts.js'
import {endFact, putFact} from './facts.js'
import type {Store} from './store.js'
import {CURRENT} from './store.js'

/** A certificate of an application; only public parts. */
export interface StoredKey {
  readonly keyId: string
  readonly type: string
  readonly usage: string
  readonly displayName: string | null
  readonly startDateTime: string
  readonly endDateTime: string
  readonly customKeyIdentifier: string
  /** Base64 of the DER form. */
  readonly key: string
}

export interface RequiredAccess {
  readonly resourceAppId: string
  readonly resourceAccess: readonly {readonly id: string; readonly type: 'Role' | 'Scope'}[]
}

interface RedirectUris {
  readonly redirectUris: readonly string[]
}

export interface StoredApplication {
  readonly appId: string
  readonly displayName: string
  readonly createdDateTime: string
  readonly signInAudience: string
  readonly isFallbackPublicClient: boolean | null
  readonly requiredResourceAccess: readonly RequiredAccess[]
  readonly keyCredentials: readonly StoredKey[]
  readonly publicClient: RedirectUris
  readonly web: RedirectUris
  readonly spa: RedirectUris
  readonly description: string | null
  readonly notes: string | null
  readonly serviceManagementReference: string | null
  readonly uniqueName: string | null
  readonly tags: readonly string[]
  readonly identifierUris: readonly string[]
  /** App id of the application that made it and may change it with Application.ReadWrite.OwnedBy. */
  readonly owner: string | null
}

export interface StoredPrincipal {
  readonly appId: string
  readonly displayName: string
  readonly accountEnabled: boolean
  readonly description: string | null
  readonly notes: string | null
  readonly tags: readonly string[]
  readonly appRoleAssignmentRequired: boolean
  readonly owner: string | null
}

export interface StoredAssignment {
  readonly principalId: string
  readonly resourceId: string
  readonly appRoleId: string
  readonly createdDateTime: string
}

export interface StoredGrant {
  readonly clientId: string
  readonly consentType: 'AllPrincipals' | 'Principal'
  readonly principalId: string | null
  readonly resourceId: string
  readonly scope: string
}

export interface DirectoryObjects {
  readonly application: StoredApplication
  readonly servicePrincipal: StoredPrincipal
  readonly appRoleAssignment: StoredAssignment
  readonly permissionGrant: StoredGrant
}

export type DirectoryKind = keyof DirectoryObjects

/** Objects of the tenant itself belong to no user. */
export const TENANT_OWNER = 0

export interface Kept<Kind extends DirectoryKind> {
  readonly id: string
  readonly body: DirectoryObjects[Kind]
}

/** What an object is found by besides its id. */
const KEY: {readonly [Kind in DirectoryKind]: (body: DirectoryObjects[Kind]) => string} = {
  application: ({appId}) => appId,
  servicePrincipal: ({appId}) => appId,
  appRoleAssignment: ({principalId}) => principalId,
  permissionGrant: ({clientId}) => clientId,
}

interface Row {
  readonly id: string
  readonly body: string
}

/** The object with this id as it stands at `seenAt`. */
export function objectOf<Kind extends DirectoryKind>(
  store: Store,
  kind: Kind,
  id: string,
  seenAt = CURRENT,
): Kept<Kind> | undefined {
  return find(store, kind, 'id', id, seenAt)[0]
}

/** Those with this app id (applications, service principals), of this principal (assignments) or client (grants). */
export function objectsBy<Kind extends DirectoryKind>(
  store: Store,
  kind: Kind,
  key: string,
  seenAt = CURRENT,
): Kept<Kind>[] {
  return find(store, kind, 'key', key, seenAt)
}

export function allObjects<Kind extends DirectoryKind>(store: Store, kind: Kind): Kept<Kind>[] {
  return store
    .all<Row>(
      'SELECT id, body FROM facts WHERE owner = ? AND kind = ? AND since <= ? AND until > ? ORDER BY id',
      TENANT_OWNER,
      kind,
      CURRENT,
      CURRENT,
    )
    .map(read<Kind>)
}

export function putObject<Kind extends DirectoryKind>(
  store: Store,
  kind: Kind,
  {id, body}: Kept<Kind>,
  moment: Moment,
): void {
  putFact(store, TENANT_OWNER, {kind, id: stored(kind, id), body, key: KEY[kind](body).toLowerCase()}, moment)
}

export function endObject(store: Store, kind: DirectoryKind, id: string, moment: Moment): void {
  endFact(store, TENANT_OWNER, kind, stored(kind, id), moment)
}

function find<Kind extends DirectoryKind>(
  store: Store,
  kind: Kind,
  by: 'id' | 'key',
  value: string,
  seenAt: number,
): Kept<Kind>[] {
  return store
    .all<Row>(
      `SELECT id, body FROM facts WHERE owner = ? AND kind = ? AND ${by} = ? AND since <= ? AND until > ? ORDER BY seq`,
      TENANT_OWNER,
      kind,
      by === 'id' ? stored(kind, value) : value.toLowerCase(),
      seenAt,
      seenAt,
    )
    .map(read<Kind>)
}

/** GUIDs are the same in any letter case; ids of assignments and grants are not. */
function stored(kind: DirectoryKind, id: string): string {
  return kind === 'application' || kind === 'servicePrincipal' ? id.toLowerCase() : id
}

function read<Kind extends DirectoryKind>(row: Row): Kept<Kind> {
  return {id: row.id, body: JSON.parse(row.body) as DirectoryObjects[Kind]}
}
