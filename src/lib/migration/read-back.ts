import type {ObjectId} from '../model/brand.js'
import type {Clock} from '../ports/clock.js'
import {type Directory, isReadFailure} from '../ports/directory.js'
import {isInPlace, serialsIn, type Shown} from './in-place.js'
import type {Action} from './plan.js'

/** First pause between two looks; doubles up to `LONGEST_MS`. */
const FIRST_MS = 250
const LONGEST_MS = 4000

export interface ReadBack {
  readonly shown: Shown | undefined
  /** Actions whose effect is not to be seen, though the consistency budget is spent. */
  readonly missing: readonly Action[]
}

/**
 * R4: looks at a user until every action's effect shows, or the budget is spent. Entra is eventually consistent: an old
 * value is no failure before that. The last look begins when the budget is spent, however long the one before took in a
 * throttled service: parts of it may show the state of its beginning.
 *
 * @param budgetMs how long to go on looking, in milliseconds
 */
export async function readBack(
  user: ObjectId,
  actions: readonly Action[],
  deps: {readonly directory: Directory; readonly clock: Clock},
  budgetMs: number,
  signal: AbortSignal,
): Promise<ReadBack> {
  const end = deps.clock.monotonic() + budgetMs
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    const began = deps.clock.monotonic()
    const shown = await look(user, actions, deps.directory, signal)
    const missing =
      shown === undefined ? actions : actions.filter((action) => !isInPlace(action, user, shown))
    if ((shown !== undefined && missing.length === 0) || began >= end) return {shown, missing}
    const left = end - deps.clock.monotonic()
    if (left > 0) await deps.clock.sleep(Math.min(pause, left), signal)
  }
}

async function look(
  user: ObjectId,
  actions: readonly Action[],
  directory: Directory,
  signal: AbortSignal,
): Promise<Shown | undefined> {
  const serials = serialsIn(actions)
  const [all, inventory] = await Promise.all([
    directory.methods([user], signal),
    serials.length === 0 ? new Map<string, never[]>() : directory.tokens(serials, signal),
  ])
  const methods = all.get(user)
  return methods === undefined || isReadFailure(methods) ? undefined : {methods, inventory}
}
