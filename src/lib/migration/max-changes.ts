import {MfaError} from '../errors/mfa-error.js'
import {countOf} from '../model/count-of.js'
import type {Bag} from '../ports/scratch.js'
import type {UserPlan} from './plan.js'

export interface ChangeLimit {
  readonly amount: number
  readonly unit: 'actions' | 'percent'
}

/** `50` or `10%`. Throws MfaError `usage`. */
export function parseChangeLimit(text: string): ChangeLimit {
  const [, amount, percent] = /^(\d+)(%?)$/.exec(text) ?? []
  const limit = {amount: Number(amount), unit: percent === '%' ? 'percent' : 'actions'} as const
  if (amount === undefined || (limit.unit === 'percent' && limit.amount > 100)) {
    throw new MfaError('BAD_FLAG', `--max-changes ${text}: neither a number nor a percentage`, {
      exit: 'usage',
      fix: 'Give a number of changes (--max-changes 200) or a share (--max-changes 10%).',
    })
  }
  return limit
}

/**
 * Counts what would be written and refuses before the first write. A percentage is the share of changes in everything
 * that users have to have: changes and what is already there.
 *
 * @returns the number of planned actions
 */
export function refuseTooManyChanges(plans: Bag<UserPlan>, limit: ChangeLimit | undefined): number {
  let actions = 0
  let there = 0
  for (const [, plan] of plans.entries()) {
    actions += plan.actions.length
    // U5: of an unchanged user who was not looked at, one thing stands for all.
    const remembered = plan.outcome === 'unchanged' && plan.alreadyThere.length === 0
    there += remembered ? 1 : plan.alreadyThere.length
  }
  if (limit === undefined) return actions
  const measured = limit.unit === 'actions' ? actions : share(actions, actions + there)
  if (measured <= limit.amount) return actions
  const changes = countOf(actions, 'change')
  const shown =
    limit.unit === 'actions' ? changes : `${changes} (${measured.toFixed(1)} % of ${actions + there})`
  const asked = `${limit.amount}${limit.unit === 'percent' ? '%' : ''}`
  throw new MfaError(
    'TOO_MANY_CHANGES',
    `the plan has ${shown}, more than --max-changes ${asked} allows; nothing was written`,
    {
      exit: 'refused',
      fix: 'Look at the plan with mfa migrate --dry-run; if it is right, raise --max-changes.',
    },
  )
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole)
