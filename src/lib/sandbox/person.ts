import {ROLES_CLAIM} from './caller.js'
import {roleTemplateId} from './data/directory-roles.js'
import {domainNames} from './domain-store.js'
import type {Store} from './store.js'
import {GRAPH_AUDIENCE} from './tokens.js'

/** Microsoft's own public client for Graph command lines. */
export const COMMAND_LINE_CLIENT = '14d82eec-204b-4c2f-b7e8-296a70dab67e'

export interface Person {
  readonly oid: string
  readonly sub: string
  readonly name: string
  readonly preferred_username: string
}

/** The one person who signs in to the sandbox: an administrator who is invented like everybody else in it. */
export function personOf(store: Store): Person {
  const domain = domainNames(store)[0] ?? 'example.com'
  const oid = '00000000-0000-4000-8000-00000000ad01'
  return {oid, sub: oid, name: 'Sandbox administrator', preferred_username: `admin@${domain}`}
}

/** Claims of a delegated token for Graph. */
export function personClaims(
  store: Store,
  directoryRoles: readonly string[],
  {client = COMMAND_LINE_CLIENT, scope = '.default'}: {client?: string; scope?: string} = {},
): Readonly<Record<string, unknown>> {
  return {
    ...personOf(store),
    aud: GRAPH_AUDIENCE,
    appid: client,
    idtyp: 'user',
    scp: scope.replaceAll(`${GRAPH_AUDIENCE}/`, ''),
    wids: directoryRoles.flatMap((role) => roleTemplateId(role) ?? []),
    [ROLES_CLAIM]: directoryRoles,
  }
}
