import {findUser} from './resources/users.js'
import {coversAt} from './rollout-effect.js'
import type {Store} from './store.js'

/**
 * Whether staged rollout sends a user (user principal name or object id) to Microsoft Entra MFA at a moment. The first 200
 * members of a group are covered at once, the others after 24 hours. False for somebody who is not in the tenant.
 */
export function rolloutCovers(store: Store, user: string, at: Date): boolean {
  const row = findUser(store, user)
  return row !== undefined && coversAt(store, row.seq, at.getTime())
}
