import type {ModifiedProperty} from '@microsoft/microsoft-graph-types'

import {type AuditActor, type AuditRecord, putAudit} from './audit-store.js'
import type {Call, Handler} from './call.js'
import {param} from './call.js'
import {objectsBy} from './directory-store.js'
import {personOf} from './person.js'
import {findUser} from './resources/users.js'
import type {StoredUser} from './resources/users.js'
import {strongAuthentication, type StrongAuthentication} from './strong-authentication.js'

/** The application of a token that names none, as the tool's own tenant gives itself. */
export const NAMELESS_APP = 'Sandbox application'

const DIRECTORY = 'Core Directory'
const METHODS = 'Authentication Methods'

/**
 * A write below /users/{user}/authentication that leaves entries in the directory's audit log, in the transaction of the write:
 * one for what changed of methods and numbers, one for devices, one for a Temporary Access Pass. What is refused, or
 * changes nothing, leaves none.
 */
export function recorded(handler: Handler): Handler {
  return (call) => {
    const row = findUser(call.store, param(call, 'user'))
    if (row === undefined) return handler(call)
    const before = strongAuthentication(call.store, row.seq)
    const answer = handler(call)
    if (answer.status < 300) {
      const user = JSON.parse(row.body) as StoredUser
      for (const record of recordsOf(call, user, before, strongAuthentication(call.store, row.seq)))
        putAudit(call.store, record, call.now.getTime())
    }
    return answer
  }
}

function recordsOf(
  call: Call,
  user: StoredUser,
  before: StrongAuthentication,
  after: StrongAuthentication,
): AuditRecord[] {
  const {id, displayName, userPrincipalName} = user
  const base = {actor: actorOf(call), target: {id, displayName, userPrincipalName}}
  const records: AuditRecord[] = []
  const changes = changesOf(before.properties, after.properties)
  if (changes.length > 0 || before.silent !== after.silent)
    records.push({...base, activity: 'Update user', service: DIRECTORY, changes: named(changes)})
  const devices = changesOf(before.devices, after.devices)
  if (devices.length > 0)
    records.push({...base, activity: 'Update user', service: DIRECTORY, changes: named(devices)})
  if (before.passes !== after.passes) {
    const issued = after.passes > before.passes
    records.push({
      ...base,
      activity: `Admin ${issued ? 'registered' : 'deleted'} security info`,
      service: METHODS,
      operation: issued ? 'Add' : 'Delete',
      reason: `Admin ${issued ? 'registered' : 'deleted'} temporary access pass method for user`,
      changes: [],
    })
  }
  return records
}

/** Old and new value are JSON as text, whatever the property holds. */
function changesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): ModifiedProperty[] {
  return Object.keys(after)
    .map((displayName) => ({
      displayName,
      oldValue: JSON.stringify(before[displayName]),
      newValue: JSON.stringify(after[displayName]),
    }))
    .filter(({oldValue, newValue}) => oldValue !== newValue)
}

/** As the directory does, with one more property that says which ones changed. */
function named(changes: readonly ModifiedProperty[]): ModifiedProperty[] {
  const names = changes.map(({displayName}) => displayName).join(', ')
  return [
    ...changes,
    {displayName: 'Included Updated Properties', oldValue: null, newValue: JSON.stringify(names)},
  ]
}

function actorOf({caller, store}: Call): AuditActor {
  if (caller.kind === 'person') {
    const {oid, name, preferred_username: userPrincipalName} = personOf(store)
    return {user: {id: oid, displayName: name, userPrincipalName}}
  }
  const {appId} = caller
  const [principal] = appId === undefined ? [] : objectsBy(store, 'servicePrincipal', appId)
  return {
    app: {
      appId: appId ?? null,
      displayName: principal?.body.displayName ?? (appId === undefined ? NAMELESS_APP : null),
      servicePrincipalId: principal?.id ?? null,
    },
  }
}
