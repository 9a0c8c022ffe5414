import permissions from './graph-permissions.json' with {type: 'json'}

/** A permission of Microsoft Graph: `application` and `delegated` are the ids of its app role and its scope. */
export interface GraphPermission {
  readonly value: string
  readonly application?: string
  readonly delegated?: string
}

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000'

/**
 * What Graph's own service principal offers here. `published` has Microsoft's ids of the public cloud; `ownIds` are
 * permissions whose published ids are not at hand: theirs are the sandbox's own, so look permissions up by value.
 */
export const GRAPH_PERMISSIONS: readonly GraphPermission[] = [...permissions.published, ...permissions.ownIds]

/** Scopes that every client may be given and that open nothing in Graph. */
export const SIGN_IN_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])
