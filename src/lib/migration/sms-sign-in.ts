import type {ObjectId} from '../model/brand.js'
import type {EntraMethods, EntraPhone} from '../model/entra-user.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'
import {writesSinceProven} from './earlier-writes.js'
import type {DisableSmsSignIn, Finding, MigrationOptions, UserPlan} from './plan.js'
import {actionId} from './rules/draft.js'
import {sameNumber} from './rules/phone-number.js'
import type {Settled} from './unsettled.js'

export const mobileOf = ({phones}: EntraMethods): EntraPhone | undefined =>
  phones.find(({slot}) => slot === 'mobile')

/** Whether the user's mobile number is a first factor. */
export const isSignIn = (methods: EntraMethods | undefined): boolean =>
  methods !== undefined && mobileOf(methods)?.smsSignInState === 'ready'

/** P9 */
export const disableSmsSignIn = (user: ObjectId, methodId: string): DisableSmsSignIn => ({
  id: actionId(user, 'disable-sms-sign-in', 'mobile'),
  kind: 'disable-sms-sign-in',
  rule: 'P9',
  item: 'phone',
  needs: [],
  methodId,
})

export const smsSignInFinding = (detail: string): Finding => ({
  code: 'sms-sign-in-disabled',
  rule: 'P9',
  item: 'phone',
  detail,
})

/**
 * P9 across an interruption: the mobile number became a first factor through a write of ours, and the run was cut off
 * before it could switch that off. The plan then begins with it.
 *
 * @param settled what was found out about unsettled writes of this user and is not yet on record
 */
export async function withSmsSignInOff(
  plan: UserPlan,
  methods: EntraMethods,
  memory: UserMemory,
  settled: readonly Settled[],
  {options, tenantId, journal}: {options: MigrationOptions; tenantId: string; journal: Journal},
): Promise<UserPlan> {
  const mobile = mobileOf(methods)
  if (options.smsSignIn === 'allow' || mobile === undefined || !isSignIn(methods)) return plan
  if (memory.numbers.mobile?.some((number) => sameNumber(number, mobile.number)) !== true) return plan
  const writes = await writesSinceProven(journal, tenantId, plan.id, memory.migrated)
  if (!(await owesSmsSignInOff(plan.id, mobile.number, writes, settled, journal))) return plan
  const detail =
    'An interrupted run added the mobile number, which switched on SMS sign-in; it is switched off again.'
  return {
    ...plan,
    outcome: 'migrate',
    actions: [...plan.actions, disableSmsSignIn(plan.id, mobile.id)],
    findings: [...plan.findings, smsSignInFinding(detail)],
  }
}

/**
 * Whether SMS sign-in is on because of our last write of this number: not if it was on before that run, not if we have
 * switched it off since, not if the run was to leave it on.
 */
export async function owesSmsSignInOff(
  user: ObjectId,
  number: string,
  writes: readonly ActionRecord[],
  settled: readonly Settled[],
  journal: Journal,
): Promise<boolean> {
  const statusOf = (record: ActionRecord) =>
    settled.find(
      ({record: {run, action, intentAt}}) =>
        run === record.run && action === record.action && intentAt === record.intentAt,
    )?.outcome.status ?? record.outcome?.status
  const at = writes.findLastIndex(
    (record) =>
      record.intent['kind'] === 'set-phone' &&
      record.intent['slot'] === 'mobile' &&
      sameNumber(String(record.intent['number']), number) &&
      statusOf(record) === 'done',
  )
  const wrote = writes[at]
  if (wrote === undefined) return false
  // Who switched it on after we had switched it off wants it so.
  const later = writes.slice(at + 1).filter(({intent}) => intent['kind'] === 'disable-sms-sign-in')
  if (later.some((record) => ['done', 'already-done'].includes(statusOf(record) ?? ''))) return false
  const run = await journal.run(wrote.run)
  if (run?.options['smsSignIn'] === 'allow') return false
  return !isSignIn(await journal.beforeImageOf(wrote.run, user))
}
