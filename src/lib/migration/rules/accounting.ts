import type {ServerUser} from '../../model/server-user.js'
import type {ItemRef, UserPlan} from '../plan.js'

/** Every item that a record has: what a plan must account for. */
export function itemsOf(server: ServerUser): readonly ItemRef[] {
  return [
    ...(isThere(server.phone) ? (['phone'] as const) : []),
    ...(isThere(server.backupPhone) ? (['backupPhone'] as const) : []),
    ...server.devices.map((_, index): ItemRef => `device:${index}`),
    ...server.oathTokens.map((_, index): ItemRef => `token:${index}`),
    'default',
  ]
}

/** Items that end neither as an action, nor as already there, nor as a finding. Must be empty. */
export function unaccounted(
  server: ServerUser,
  plan: Pick<UserPlan, 'actions' | 'alreadyThere' | 'findings'>,
): readonly ItemRef[] {
  const named = new Set<ItemRef>()
  for (const entries of [plan.actions, plan.alreadyThere, plan.findings]) {
    for (const {item} of entries) named.add(item)
  }
  return itemsOf(server).filter((item) => !named.has(item))
}

/** As `unaccounted`; a user who is left alone as a whole has every item accounted for by that. */
export function unaccountedIn(server: ServerUser, plan: UserPlan): readonly ItemRef[] {
  return plan.outcome === 'migrate' ? unaccounted(server, plan) : []
}

function isThere(phone: ServerUser['phone']): boolean {
  return phone !== undefined && (phone.number.trim() !== '' || (phone.extension ?? '').trim() !== '')
}
