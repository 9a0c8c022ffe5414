import type {ObjectId} from '../model/brand.js'
import type {DefaultMethod, PhoneSlot} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {OathSecret} from '../model/secret.js'
import type {HashFunction} from '../model/server-user.js'

export interface NewToken {
  readonly serialNumber: string
  readonly manufacturer: string
  readonly model: string
  readonly timeIntervalInSeconds: 30 | 60
  readonly hashFunction: HashFunction
  readonly secret: OathSecret
}

/** An outcome together with the id that Graph gave to what was made. */
export type Made<Id extends string> = Outcome & {readonly [key in Id]?: string | undefined}

/**
 * The only port that changes a user's methods.
 *
 * One call, at most one change. Only what is safe to repeat is repeated (429 before anything happened, PATCH and DELETE);
 * a POST whose answer is lost comes back as `unknown`. Failures of one user are outcomes; what concerns every user
 * (signed out, forbidden, throttled past the budget) is thrown as MfaError `auth` or `unavailable` (R2).
 * Calls may run side by side; the caller keeps the order within one user.
 */
export interface MethodWriter {
  /** `create` on a slot that turns out to be taken: `already-done` if the number is the same, else `failed`. */
  setPhone(
    user: ObjectId,
    phone: {readonly slot: PhoneSlot; readonly number: string; readonly change: 'create' | 'replace'},
    signal: AbortSignal,
  ): Promise<Outcome>
  /** A mobile number only without an alternate, the default's number never: Graph refuses. Gone already: `already-done`. */
  removePhone(user: ObjectId, slot: PhoneSlot, signal: AbortSignal): Promise<Outcome>
  /** Into the inventory, to nobody. */
  createToken(token: NewToken, signal: AbortSignal): Promise<Made<'deviceId'>>
  updateToken(
    deviceId: string,
    token: Pick<NewToken, 'manufacturer' | 'model' | 'timeIntervalInSeconds' | 'hashFunction'>,
    signal: AbortSignal,
  ): Promise<Outcome>
  assignToken(user: ObjectId, deviceId: string, signal: AbortSignal): Promise<Made<'methodId'>>
  /**
   * Computes the code at each sending, with the service's clock (its `Date` header); both neighbouring steps are tried
   * once after a refusal (O2). `failed` with code `activation-refused` if the service refuses all three.
   */
  activateToken(
    user: ObjectId,
    methodId: string,
    token: Pick<NewToken, 'secret' | 'timeIntervalInSeconds' | 'hashFunction'>,
    signal: AbortSignal,
  ): Promise<Outcome>
  /** Stays assigned; its codes no longer count. */
  deactivateToken(user: ObjectId, methodId: string, signal: AbortSignal): Promise<Outcome>
  /** The token goes back to the inventory. */
  unassignToken(user: ObjectId, methodId: string, signal: AbortSignal): Promise<Outcome>
  /** Out of the inventory; only while unassigned. */
  deleteToken(deviceId: string, signal: AbortSignal): Promise<Outcome>
  /** Null: none. That Graph takes it is described, not documented; a refusal is an outcome. */
  setDefault(user: ObjectId, method: DefaultMethod | null, signal: AbortSignal): Promise<Outcome>
  /** P9 */
  disableSmsSignIn(user: ObjectId, phoneMethodId: string, signal: AbortSignal): Promise<Outcome>
}
