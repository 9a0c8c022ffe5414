import type {ObjectId} from '../model/brand.js'
import type {Journal, LatestResult} from '../ports/journal.js'
import type {Finding} from './plan.js'
import type {UserResult} from './result.js'

/**
 * Whether a round of `mfa sync` puts the result of a user to whom it wrote nothing on record: not where everything stands as it
 * stood, so that a round in which nothing happened leaves nothing. Failures count each time: they make the pauses grow.
 */
export function isNews(
  {outcome, findings}: Pick<UserResult, 'outcome' | 'findings'>,
  last: LatestResult | undefined,
): boolean {
  if (last === undefined || outcome === 'failed' || outcome === 'partly') return true
  if (outcome === 'unchanged' && findings.length === 0)
    return last.stands !== 'migrated' && last.stands !== 'nothing-to-carry'
  const stands = standsFor({outcome, findings})
  if (last.stands !== stands) return true
  const {told} = last
  return (
    told === undefined ||
    standsFor(told) !== stands ||
    JSON.stringify(told.findings) !== JSON.stringify(findings)
  )
}

function standsFor({
  outcome,
  findings,
}: {
  readonly outcome: string
  readonly findings: readonly unknown[]
}): string {
  if (outcome !== 'unchanged') return outcome
  return (findings as readonly Partial<Finding>[]).some(({code}) => code === 'nothing-to-carry')
    ? 'nothing-to-carry'
    : 'migrated'
}

/** Looks up what earlier results of users come to; all that are asked for at the same moment together. */
export class LatestResults {
  readonly #journal: Pick<Journal, 'latestOf'>
  readonly #tenantId: string
  readonly #group: ObjectId
  #asked = new Set<ObjectId>()
  #answer: Promise<ReadonlyMap<ObjectId, LatestResult>> | undefined

  constructor(journal: Pick<Journal, 'latestOf'>, tenantId: string, group: ObjectId) {
    this.#journal = journal
    this.#tenantId = tenantId
    this.#group = group
  }

  async of(user: ObjectId): Promise<LatestResult | undefined> {
    this.#asked.add(user)
    this.#answer ??= Promise.resolve().then(() => this.#ask())
    return (await this.#answer).get(user)
  }

  async #ask(): Promise<ReadonlyMap<ObjectId, LatestResult>> {
    const users = [...this.#asked]
    this.#asked = new Set()
    this.#answer = undefined
    const found = await this.#journal.latestOf(this.#tenantId, users, this.#group)
    return new Map(found.map((one) => [one.user, one]))
  }
}
