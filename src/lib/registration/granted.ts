import type {Journal, PermissionUse} from '../ports/journal.js'
import {covers, knownPermission, type NeededPermission} from './features.js'
import {grantedOf, permissionOf, type RegistrationState} from './plan.js'
import type {Tried} from './prove.js'

/** One line of the table: a permission that is needed, granted, or both. */
export interface PermissionRow {
  readonly name: string
  readonly kind: 'application' | 'delegated'
  /** Why the tool wants it; undefined for one that it has no use for. */
  readonly why?: string | undefined
  readonly needed: boolean
  readonly granted: boolean
  /** Whether this tenant's cloud has it at all. */
  readonly available: boolean
  /** When a command of this machine last used it; undefined: never. */
  readonly used?: string | undefined
  /** What one harmless call gave. */
  readonly tried?: Tried | undefined
}

/** What is needed, in the order of the features, then what else is granted. */
export function permissionRows(
  state: Pick<RegistrationState, 'graph' | 'grants'>,
  needed: readonly NeededPermission[],
  use: readonly PermissionUse[],
  tried: ReadonlyMap<string, Tried> = new Map(),
): readonly PermissionRow[] {
  const granted = grantedOf(state)
  const has = (name: string, kind: PermissionRow['kind']) =>
    granted.some((each) => each.permission === name && each.kind === kind)
  const rows = needed.map(({permission, kind, why}): PermissionRow => ({
    name: permission,
    kind,
    why,
    needed: true,
    granted: has(permission, kind),
    available: permissionOf(state.graph, {permission, kind}) !== undefined,
    used: lastUsed(permission, use),
    tried: kind === 'application' ? tried.get(permission) : undefined,
  }))
  const others = granted
    .filter(
      ({permission, kind}) => !needed.some((each) => each.permission === permission && each.kind === kind),
    )
    .map(({permission, kind}): PermissionRow => ({
      name: permission,
      kind,
      why: knownPermission(permission, kind)?.why,
      needed: false,
      granted: true,
      available: true,
      used: lastUsed(permission, use),
    }))
  return [...rows, ...others]
}

/** The journal knows the least permission of each operation; a wider one was used with it. */
function lastUsed(permission: string, use: readonly PermissionUse[]): string | undefined {
  return use
    .filter((each) => covers(permission, each.permission))
    .map((each) => each.lastUsed)
    .toSorted()
    .at(-1)
}

/** What this machine remembers of the application's permissions. */
export async function useOf(
  {journal, tenantId}: {readonly journal: Journal; readonly tenantId: string},
  appId: string | undefined,
) {
  return appId === undefined ? [] : journal.permissionUse(tenantId, appId)
}
