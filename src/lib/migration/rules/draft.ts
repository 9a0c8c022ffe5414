import type {ActionId, ObjectId} from '../../model/brand.js'
import type {EntraIdentity, EntraMethods, InventoryToken} from '../../model/entra-user.js'
import {isoInstant} from '../../model/iso-date.js'
import type {AllowedMethods} from '../../model/methods-policy.js'
import type {ServerUser} from '../../model/server-user.js'
import type {UserMemory} from '../../ports/journal.js'
import type {Action, AlreadyThere, Finding, FindingCode, ItemRef, MigrationOptions, RuleId} from '../plan.js'

/** All that the rules look at for one user. */
export interface PlanUserInput {
  readonly server: ServerUser
  readonly entra: EntraIdentity
  readonly methods: EntraMethods
  readonly allowed: AllowedMethods
  /** By serial number; everything that `serialsOf` asked for and that is there. */
  readonly inventory: ReadonlyMap<string, readonly InventoryToken[]>
  readonly memory: Pick<UserMemory, 'numbers' | 'tokens'>
  readonly options: MigrationOptions
  /** The key of all keyed hashes of this state. */
  readonly hashKey: Uint8Array
  /** The rule that paired the two users. */
  readonly matchRule: RuleId
  /** Serial numbers that several users of the run would be given, with the names of all of them. */
  readonly shared?: ReadonlyMap<string, readonly string[]> | undefined
}

/** A plan in the making; every rule family adds to it. */
export interface Draft {
  readonly actions: Action[]
  readonly alreadyThere: AlreadyThere[]
  readonly findings: Finding[]
}

export function emptyDraft(): Draft {
  return {actions: [], alreadyThere: [], findings: []}
}

/** @param target the Entra side: a phone slot, a serial number, or the id of a method */
export function finding(
  code: FindingCode,
  rule: RuleId,
  item: ItemRef,
  detail: string,
  target?: string,
): Finding {
  return {code, rule, item, detail, ...(target === undefined ? {} : {target})}
}

/** Names one write: the same user, kind and target (slot, serial number, method) give the same id in every run. */
export function actionId(user: ObjectId, kind: Action['kind'], target: string): ActionId {
  return `${user}:${kind}:${target}` as ActionId
}

/** Ascending UTF-16 code units: the same on every machine, whatever its locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Milliseconds since 1970; undefined if it is missing or no date. */
export function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : isoInstant(text.trim())
}
