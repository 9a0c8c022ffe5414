import type {User} from '@microsoft/microsoft-graph-types'

import type {Answer, Call} from '../call.js'
import {entity} from '../call.js'
import {GraphFault} from '../graph-fault.js'
import {personOf} from '../person.js'
import {readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import type {Store} from '../store.js'
import {toUser, USER_TYPE} from './users.js'

/** GET /me: the person who signed in. There is nobody behind an application's token. */
export function getMe(call: Call): Answer {
  const select = readSelect(call, USER_TYPE)
  if (call.caller.kind !== 'person') {
    throw new GraphFault(400, 'BadRequest', '/me request is only valid with delegated authentication flow.')
  }
  return entity(call, 'users', project(personUser(call.store, select), select))
}

export function personUser(store: Store, select: readonly string[] | undefined): User {
  const {oid, name, preferred_username: userPrincipalName} = personOf(store)
  const stored = {
    id: oid,
    userPrincipalName,
    displayName: name,
    accountEnabled: true,
    userType: 'Member',
    createdDateTime: store.meta('created') ?? '',
  } as const
  return toUser(stored, select)
}
