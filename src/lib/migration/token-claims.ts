import type {ObjectId} from '../model/brand.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {MatchedMember} from './match-members.js'
import type {UserPlan} from './plan.js'

/**
 * O1, across the users of a run: a token has one holder, so a serial number that several plans would assign is nobody's
 * until a person says whose it is. An app code's serial number stands for its secret, so the same holds for secrets (D6).
 * Who has the token in Entra already needs no assignment and claims nothing; the others are told that it is somebody's.
 * Memory stays flat but for the tokens in question.
 */
export class TokenClaims {
  readonly #claims: Bag<MatchedMember>
  readonly #shared = new Map<string, readonly string[]>()

  constructor(scratch: Scratch) {
    this.#claims = scratch.bag<MatchedMember>('token-claims')
  }

  /** Serial numbers that several users claim, with the user principal names of all of them, sorted. */
  get shared(): ReadonlyMap<string, readonly string[]> {
    return this.#shared
  }

  /** Takes down what the plan of one user would assign. */
  add(one: MatchedMember, plan: UserPlan): void {
    for (const action of plan.actions) {
      if (action.kind === 'assign-token') this.#claims.add(action.serialNumber, one)
    }
  }

  /**
   * Users to be planned again, since a token that they claim turned out to be shared. Call it until it gives none: without
   * that token another one may find a place, and that may be shared too.
   */
  newlyShared(): readonly MatchedMember[] {
    const again = new Map<ObjectId, MatchedMember>()
    for (const [serial, claimants] of this.#bySerial()) {
      if (claimants.size < 2 || this.#shared.has(serial)) continue
      const names = [...claimants.values()].map(({member}) => member.userPrincipalName)
      this.#shared.set(serial, names.toSorted())
      for (const [id, one] of claimants) again.set(id, one)
    }
    return [...again.values()]
  }

  *#bySerial(): Generator<readonly [string, ReadonlyMap<ObjectId, MatchedMember>]> {
    let current: string | undefined
    let claimants = new Map<ObjectId, MatchedMember>()
    for (const [serial, one] of this.#claims.entries()) {
      if (serial !== current) {
        if (current !== undefined) yield [current, claimants]
        current = serial
        claimants = new Map()
      }
      claimants.set(one.member.id, one)
    }
    if (current !== undefined) yield [current, claimants]
  }
}
