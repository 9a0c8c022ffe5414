import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {NO_CONTENT, contextUrl, ok} from '../call.js'
import {mustBeAllowed, mustOwn} from '../caller.js'
import type {Kept, StoredKey} from '../directory-store.js'
import {objectOf, putObject} from '../directory-store.js'
import {badRequest} from '../graph-fault.js'
import {addedKey, givenKey} from '../key-credentials.js'
import {HOLDERS, MAY} from '../permissions.js'
import {checkProof} from '../possession-proof.js'
import {readNothing} from '../query/options.js'
import {currentApplication} from './applications.js'

const addBody = z.strictObject({
  keyCredential: givenKey.extend({key: z.string()}),
  passwordCredential: z.null().optional(),
  proof: z.string(),
})
const removeBody = z.strictObject({keyId: z.guid(), proof: z.string()})

/** POST addKey: one more certificate, on proof that the caller has another one's key. Not for the first one. */
export function addKey(call: Call): Answer {
  readNothing(call)
  const found = mine(call)
  const {keyCredential, proof} = readBody(call, addBody, badRequest)
  checkProof(proof, found.id, seenKeys(call, found), call.now)
  const {keyCredentials} = found.body
  const added = addedKey(found.id, keyCredentials, keyCredential, call.rules)
  write(call, found, [...keyCredentials, added])
  return ok({'@odata.context': contextUrl(call, 'microsoft.graph.keyCredential'), ...added, key: null})
}

/** POST removeKey: 204. */
export function removeKey(call: Call): Answer {
  readNothing(call)
  const found = mine(call)
  const {keyId, proof} = readBody(call, removeBody, badRequest)
  checkProof(proof, found.id, seenKeys(call, found), call.now)
  const kept = found.body.keyCredentials.filter((key) => key.keyId !== keyId.toLowerCase())
  if (kept.length === found.body.keyCredentials.length)
    throw badRequest(`No credentials found to be removed with the key id '${keyId}'.`)
  write(call, found, kept)
  return NO_CONTENT
}

/** An application rolls its own keys without any permission. */
function mine(call: Call): Kept<'application'> {
  const found = currentApplication(call)
  const {caller} = call
  if (caller.kind === 'app' && caller.appId === found.body.appId) return found
  mustBeAllowed(caller, {permissions: MAY.writePrincipals, directoryRoles: HOLDERS.manageApplications})
  mustOwn(caller, found.body.owner, MAY.writePrincipals)
  return found
}

/** Those that the directory knows by now. */
function seenKeys({store, seenAt}: Call, {id}: Kept<'application'>): readonly StoredKey[] {
  return objectOf(store, 'application', id, seenAt)?.body.keyCredentials ?? []
}

function write(call: Call, {id, body}: Kept<'application'>, keyCredentials: readonly StoredKey[]): void {
  putObject(call.store, 'application', {id, body: {...body, keyCredentials}}, call.moment)
}
