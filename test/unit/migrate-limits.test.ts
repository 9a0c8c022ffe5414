import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {
  type ChangeLimit,
  parseChangeLimit,
  refuseTooManyChanges,
} from '../../src/lib/migration/max-changes.js'
import type {Action, AlreadyThere, Finding, PlannedOutcome, UserPlan} from '../../src/lib/migration/plan.js'
import {appliedResult, count, emptySummary, plannedResult} from '../../src/lib/migration/result.js'
import type {ActionId} from '../../src/lib/model/brand.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {phone} from '../fixtures/users.js'
import {idOf, run, world} from '../helpers/migration-world.js'

const action = (n: number): Action => ({
  id: `a${n}` as ActionId,
  rule: 'P1',
  item: 'phone',
  needs: [],
  kind: 'set-phone',
  slot: 'mobile',
  number: '+1 4255550100',
  change: 'create',
})
const there: AlreadyThere = {item: 'phone', rule: 'P5', target: 'mobile'}

const plan = (
  name: string,
  actions: number,
  alreadyThere: number,
  over: Partial<UserPlan> = {},
): UserPlan => ({
  id: idOf(name),
  userPrincipalName: `${name}@contoso.com`,
  outcome: actions > 0 ? 'migrate' : 'unchanged',
  actions: Array.from({length: actions}, (_, n) => action(n)),
  alreadyThere: Array.from({length: alreadyThere}, () => there),
  findings: [],
  smsOrVoiceOnly: false,
  ...over,
})

function refused(limit: string | undefined, ...plans: readonly UserPlan[]): boolean {
  const bag = memoryScratch().bag<UserPlan>('plans')
  for (const one of plans) bag.add(one.userPrincipalName, one)
  const parsed: ChangeLimit | undefined = limit === undefined ? undefined : parseChangeLimit(limit)
  try {
    refuseTooManyChanges(bag, parsed)
    return false
  } catch (error) {
    if (error instanceof MfaError && error.code === 'TOO_MANY_CHANGES') return true
    throw error
  }
}

describe('--max-changes', () => {
  test.each([
    ['3', false],
    ['2', true],
    ['0', true],
    ['30%', false],
    ['29%', true],
    ['100%', false],
    ['0%', true],
    [undefined, false],
  ])('%s against 3 changes of 10 things: refused %s', (limit, expected) => {
    expect(refused(limit, plan('ann', 2, 3), plan('bob', 1, 4))).toBe(expected)
  })

  test('nothing to change is never too much', () => {
    expect([refused('0', plan('ann', 0, 3)), refused('0%', plan('ann', 0, 3)), refused('0%')]).toEqual([
      false,
      false,
      false,
    ])
  })

  test('users who were migrated before count among those who stay as they are', () => {
    const unchanged = Array.from({length: 9}, (_, n) => plan(`u${n}`, 0, 0))
    expect([
      refused('10%', plan('ann', 1, 0), ...unchanged),
      refused('9%', plan('ann', 1, 0), ...unchanged),
    ]).toEqual([false, true])
  })

  test.each(['', 'ten', '-1', '101%', '1.5', '5 %', '%'])('"%s" is neither a number nor a share', (text) => {
    expect(() => parseChangeLimit(text)).toThrow(expect.objectContaining({exit: 'usage'}))
  })

  test('refuses before anything is written or begun', async () => {
    const at = world([{name: 'ann', server: {phone: phone('4255550100')}}])
    await expect(run(at, {input: {maxChanges: {amount: 0, unit: 'actions'}}})).rejects.toMatchObject({
      exit: 'refused',
    })
    expect(at.tenant.writes.length + at.store.runs.size + at.store.locks.size).toBe(0)
  })
})

const outcomes: fc.Arbitrary<Outcome> = fc.constantFrom(
  {status: 'done'},
  {status: 'already-done'},
  {status: 'failed', code: 'x', message: 'x'},
  {status: 'unknown', code: 'x', message: 'x'},
)
const IN_DOUBT: Finding = {code: 'in-doubt', rule: 'R4', item: 'phone', detail: 'not shown yet'}

test('the outcomes of users add up to users, the outcomes of actions to actions', () => {
  const planned: readonly PlannedOutcome[] = ['migrate', 'unchanged', 'unmatched', 'disabled', 'failed']
  const user = fc.record({
    outcome: fc.constantFrom(...planned),
    outcomes: fc.array(outcomes, {maxLength: 6}),
    inDoubt: fc.boolean(),
    smsOrVoiceOnly: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(user, {maxLength: 20}), (users) => {
      const summary = emptySummary()
      for (const [n, one] of users.entries()) {
        const made = plan(`u${n}`, one.outcomes.length, 0, {
          outcome: one.outcome,
          smsOrVoiceOnly: one.smsOrVoiceOnly,
        })
        const actions = one.outcomes.map((outcome, at) => ({action: action(at), outcome}))
        const result =
          actions.length === 0
            ? plannedResult(made)
            : appliedResult(made, actions, one.inDoubt ? [IN_DOUBT] : [])
        const clean = actions.every(
          ({outcome}) => outcome.status === 'done' || outcome.status === 'already-done',
        )
        const isMigrated = actions.length === 0 ? one.outcome === 'migrate' : clean && !one.inDoubt
        expect(result.outcome === 'migrated').toBe(isMigrated)
        count(summary, result, made)
      }
      const {migrated, unchanged, partly, failed, unmatched, disabled, actions} = summary
      expect(migrated + unchanged + partly + failed + unmatched + disabled).toBe(users.length)
      expect(summary.users).toBe(users.length)
      expect(actions.done + actions.alreadyDone + actions.failed + actions.unknown).toBe(actions.planned)
      expect(actions.planned).toBe(users.reduce((sum, one) => sum + one.outcomes.length, 0))
      expect(summary.smsOrVoiceOnly).toBe(users.filter((one) => one.smsOrVoiceOnly).length)
    }),
  )
})
