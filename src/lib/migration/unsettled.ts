import type {ObjectId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {ServerUser} from '../model/server-user.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'
import type {Shown} from './in-place.js'
import type {Action, MigrationOptions, UserPlan} from './plan.js'
import {readBack} from './read-back.js'
import type {PlanningDeps} from './request.js'
import {actionId} from './rules/draft.js'
import {sameNumber} from './rules/phone-number.js'
import {secretOf} from './secret-of.js'

type Remember = Parameters<Journal['outcome']>[3]['remember']

/** An intent of an earlier run of which nobody knew what became, and what the tenant shows of it. */
export interface Settled {
  readonly record: ActionRecord
  readonly outcome: Outcome
  readonly remember: Remember
}

/**
 * R1: before anything is planned for a user with unsettled writes, the user is read back until they show or the
 * consistency budget is spent. What never shows counts as not happened.
 */
export async function settleUser(
  user: ObjectId,
  server: ServerUser,
  unsettled: readonly ActionRecord[],
  hashKey: Uint8Array,
  consistencyMs: number,
  deps: Pick<PlanningDeps, 'directory' | 'clock'>,
  signal: AbortSignal,
): Promise<{readonly shown: Shown | undefined; readonly settled: readonly Settled[]}> {
  const actions = unsettled.map(({intent}) => intent as unknown as Action)
  const {shown, missing} = await readBack(user, actions, deps, consistencyMs, signal)
  if (shown === undefined) return {shown, settled: []}
  const settled = unsettled.map((record, index): Settled => {
    const action = actions[index]
    const landed = action !== undefined && !missing.includes(action)
    return landed
      ? {record, outcome: {status: 'done'}, remember: remembered(action, server, hashKey)}
      : {record, outcome: NOT_HAPPENED, remember: undefined}
  })
  return {shown, settled}
}

const NOT_HAPPENED: Outcome = {
  status: 'failed',
  code: 'not-seen',
  message: 'the answer was lost, and the tenant does not show the change',
}

/** P6, D4, O1: what a successful write leaves behind for later runs. */
export function remembered(action: Action, server: ServerUser | undefined, hashKey: Uint8Array): Remember {
  if (action.kind === 'set-phone') return {number: {slot: action.slot, value: action.number}}
  if (action.kind !== 'activate-token') return undefined
  const secretHash = server === undefined ? undefined : secretOf(server, action.item)?.keyedHash(hashKey)
  return secretHash === undefined ? undefined : {token: {secretHash, serialNumber: action.serialNumber}}
}

/**
 * P9 across an interruption: a number that a run of ours wrote is `ready` for SMS sign-in and the user was never proven,
 * so the run was cut off before it could switch it off.
 */
export function withSmsSignInOff(
  plan: UserPlan,
  methods: EntraMethods,
  memory: UserMemory,
  options: MigrationOptions,
): UserPlan {
  const mobile = methods.phones.find(({slot}) => slot === 'mobile')
  const ours = memory.numbers.mobile?.some(
    (number) => mobile !== undefined && sameNumber(number, mobile.number),
  )
  if (options.smsSignIn === 'allow' || memory.migrated !== undefined || ours !== true) return plan
  if (mobile?.smsSignInState !== 'ready') return plan
  const action: Action = {
    id: actionId(plan.id, 'disable-sms-sign-in', 'mobile'),
    kind: 'disable-sms-sign-in',
    rule: 'P9',
    item: 'phone',
    needs: [],
    methodId: mobile.id,
  }
  const detail =
    'An interrupted run added the mobile number, which switched on SMS sign-in; it is switched off again.'
  return {
    ...plan,
    outcome: 'migrate',
    actions: [...plan.actions, action],
    findings: [...plan.findings, {code: 'sms-sign-in-disabled', rule: 'P9', item: 'phone', detail}],
  }
}
