import type {ObjectId} from '../../src/lib/model/brand.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import {Secret} from '../../src/lib/model/secret.js'
import type {
  Campaign,
  Campaigns,
  ExistingPass,
  IssuedPass,
  PassPolicy,
  PassRequest,
  TemporaryPasses,
} from '../../src/lib/ports/sign-in-help.js'

const DONE: Outcome = {status: 'done'}

/** A campaign that is kept as it was written. */
export class FakeCampaigns implements Campaigns {
  now: Campaign | undefined
  writes = 0
  /** The next write lands, and its answer is lost. */
  loseNext = false
  /** So many writes do not land, and their answers are lost. */
  dropNext = 0
  /** Called after a write that did not land. */
  onDropped: () => void = () => {}
  /** Called before a write: somebody else may be quicker. */
  before: () => void = () => {}

  constructor(now: Campaign | undefined) {
    this.now = now
  }

  read(): Promise<Campaign | undefined> {
    return Promise.resolve(structuredClone(this.now))
  }

  write(campaign: Campaign): Promise<Outcome> {
    this.before()
    this.writes += 1
    const lost: Outcome = {status: 'unknown', code: 'LOST', message: 'the answer was lost'}
    if (this.dropNext > 0) {
      this.dropNext -= 1
      this.onDropped()
      return Promise.resolve(lost)
    }
    this.now = structuredClone(campaign)
    if (!this.loseNext) return Promise.resolve(DONE)
    this.loseNext = false
    return Promise.resolve(lost)
  }
}

export const PASS_POLICY: PassPolicy = {
  enabled: true,
  include: ['all_users'],
  exclude: [],
  minimum: 60,
  maximum: 480,
  standard: 60,
  isUsableOnce: false,
}

/** Passes in a Map, one a user. */
export class FakePasses implements TemporaryPasses {
  readonly held = new Map<ObjectId, IssuedPass>()
  rules: PassPolicy = PASS_POLICY
  posts = 0
  /** The next pass is made, and the answer that holds it is lost. */
  loseNext = false

  policy(): Promise<PassPolicy> {
    return Promise.resolve(this.rules)
  }

  of(user: ObjectId): Promise<readonly ExistingPass[]> {
    const held = this.held.get(user)
    return Promise.resolve(held === undefined ? [] : [{id: held.id, isUsable: true}])
  }

  issue(user: ObjectId, {lifetimeMinutes, isUsableOnce, startsAt}: PassRequest) {
    this.posts += 1
    const lifetime = lifetimeMinutes
    const {enabled, minimum, maximum} = this.rules
    if (this.held.has(user) || !enabled || lifetime < minimum || lifetime > maximum) {
      const outcome: Outcome = {status: 'failed', code: 'badRequest', message: 'refused'}
      return Promise.resolve({outcome})
    }
    const issued: IssuedPass = {
      id: `pass-${this.posts}`,
      pass: new Secret(`TAP-text-${this.posts}`),
      startsAt: startsAt ?? '2026-03-01T09:00:00.000Z',
      lifetimeMinutes: lifetime,
      isUsableOnce: isUsableOnce ?? this.rules.isUsableOnce,
    }
    this.held.set(user, issued)
    if (!this.loseNext) return Promise.resolve({outcome: DONE, issued})
    this.loseNext = false
    const outcome: Outcome = {status: 'unknown', code: 'LOST', message: 'the answer was lost'}
    return Promise.resolve({outcome})
  }

  remove(user: ObjectId, id: string): Promise<Outcome> {
    if (this.held.get(user)?.id !== id) return Promise.resolve({status: 'already-done'})
    this.held.delete(user)
    return Promise.resolve(DONE)
  }
}
