import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity, EntraMethods, InventoryToken} from '../model/entra-user.js'
import type {MethodsPolicy} from '../model/methods-policy.js'

export interface EntraGroup {
  readonly id: ObjectId
  readonly displayName: string
  readonly isDynamic: boolean
}

/** One user's methods could not be read; the others could. */
export interface ReadFailure {
  readonly code: string
  readonly message: string
  readonly requestId?: string | undefined
}

/**
 * Reads Microsoft Entra. Pages and batches are hidden. Reads are repeated within the budget.
 * Throws MfaError: `auth` (signed out, permission missing: named), `unavailable` (throttled or failed past the budget),
 * `usage` (no such group; several groups of that name: listed).
 */
export interface Directory {
  /** Id of the tenant that answers. */
  tenantId(signal: AbortSignal): Promise<string>
  /** By object id, else by exact display name (U1). */
  findGroup(nameOrId: string, signal: AbortSignal): Promise<EntraGroup>
  /** Users of the group and of groups inside it, page by page, each once (U1). */
  members(group: ObjectId, signal: AbortSignal): AsyncIterable<readonly EntraIdentity[]>
  /** All users of the tenant, page by page, each once. */
  everyone(signal: AbortSignal): AsyncIterable<readonly EntraIdentity[]>
  /** By user principal name or object id; undefined if there is none. */
  findUser(upnOrId: string, signal: AbortSignal): Promise<EntraIdentity | undefined>
  /** U2 (3): everybody in the tenant whose onPremisesSamAccountName is one of these. Keys in lower case. */
  usersBySamAccountName(
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly EntraIdentity[]>>
  /** Phones, app registrations, tokens and preference of each user. */
  methods(
    users: readonly ObjectId[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ObjectId, EntraMethods | ReadFailure>>
  /** Inventory tokens by serial number; a serial that is not there is left out, several with one serial are all given. */
  tokens(
    serials: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly InventoryToken[]>>
  methodsPolicy(signal: AbortSignal): Promise<MethodsPolicy>
}

export function isReadFailure(value: EntraMethods | ReadFailure): value is ReadFailure {
  return 'code' in value
}
