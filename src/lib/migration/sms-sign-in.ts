import type {ObjectId, RunId} from '../model/brand.js'
import type {EntraMethods, EntraPhone} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import {sameNumber} from '../model/same-number.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'
import {writesSinceProven} from './earlier-writes.js'
import type {DisableSmsSignIn, Finding, MigrationOptions, UserPlan} from './plan.js'
import {actionId} from './rules/draft.js'
import {NOT_SEEN, type Settled} from './unsettled.js'

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
 *
 * @param wasOff it is known that it was not on before
 */
export async function owesSmsSignInOff(
  user: ObjectId,
  number: string,
  writes: readonly ActionRecord[],
  settled: readonly Settled[],
  journal: Journal,
  wasOff = false,
): Promise<boolean> {
  const outcomeOf = (record: ActionRecord): Outcome | undefined =>
    settled.find(({record: one}) => isSame(one, record))?.outcome ?? record.outcome
  const numbers = writes.map((record, at) => ({record, at})).filter(({record}) => setsMobile(record, number))
  const last = numbers.findLast(({record}) => succeeded(outcomeOf(record)))
  if (last === undefined) return false
  // What was there already when it was sent again is ours if an earlier sending was in doubt.
  const wrote =
    outcomeOf(last.record)?.status === 'done'
      ? last.record
      : numbers.find(({record, at}) => at < last.at && wasInDoubt(outcomeOf(record)))?.record
  if (wrote === undefined) return false
  // Who switched it on after we had switched it off wants it so.
  const later = writes.slice(last.at + 1).filter(({intent}) => intent['kind'] === 'disable-sms-sign-in')
  if (later.some((record) => succeeded(outcomeOf(record)))) return false
  if (wasOff) return true
  const run = await journal.run(wrote.run)
  if (run?.options['smsSignIn'] === 'allow') return false
  return !isSignIn(await journal.beforeImageOf(wrote.run, user))
}

/**
 * P9 the other way round: the number that an undo put back became a first factor through that, and was none before the
 * run that is undone.
 */
export async function undoOwesSmsSignInOff(
  user: ObjectId,
  number: string,
  undoes: RunId,
  writes: readonly ActionRecord[],
  settled: readonly Settled[],
  journal: Journal,
): Promise<boolean> {
  const before = await journal.beforeImageOf(undoes, user)
  const was = before === undefined ? undefined : mobileOf(before)
  if (was === undefined || isSignIn(before) || !sameNumber(was.number, number)) return false
  const wrote = writes.findLast((record) => setsMobile(record, number))
  if (wrote === undefined || (await journal.run(wrote.run))?.options['undoes'] !== undoes) return false
  return owesSmsSignInOff(user, number, writes, settled, journal, true)
}

const setsMobile = ({intent}: ActionRecord, number: string): boolean =>
  intent['kind'] === 'set-phone' &&
  intent['slot'] === 'mobile' &&
  typeof intent['number'] === 'string' &&
  sameNumber(intent['number'], number)

const isSame = (one: ActionRecord, other: ActionRecord): boolean =>
  one.run === other.run && one.action === other.action && one.intentAt === other.intentAt

const succeeded = (outcome: Outcome | undefined): boolean =>
  outcome?.status === 'done' || outcome?.status === 'already-done'

const wasInDoubt = (outcome: Outcome | undefined): boolean =>
  outcome === undefined ||
  outcome.status === 'unknown' ||
  (outcome.status === 'failed' && outcome.code === NOT_SEEN)
