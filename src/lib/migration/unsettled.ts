import type {ObjectId} from '../model/brand.js'
import type {PhoneSlot} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {OathSecret} from '../model/secret.js'
import type {ServerUser} from '../model/server-user.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'
import type {Shown} from './in-place.js'
import type {Action, ActivateToken} from './plan.js'
import {readBack} from './read-back.js'
import type {PlanningDeps} from './request.js'

type Remember = Parameters<Journal['outcome']>[3]['remember']

/** An intent of an earlier run of which nobody knew what became, and what the tenant shows of it. */
export interface Settled {
  readonly record: ActionRecord
  readonly outcome: Outcome
  readonly remember: Remember
}

/**
 * R1: before anything is planned for a user with unsettled writes, the user is read back until they show or the
 * consistency budget is spent. What never shows counts as not happened. Nothing is settled where the user cannot be read.
 *
 * @param unseen writes that are known to have happened and may not show yet; waited for too
 */
export async function settleUser(
  user: ObjectId,
  server: ServerUser | undefined,
  unsettled: readonly ActionRecord[],
  unseen: readonly Action[],
  hashKey: Uint8Array,
  consistencyMs: number,
  deps: Pick<PlanningDeps, 'directory' | 'clock'>,
  signal: AbortSignal,
): Promise<{readonly shown: Shown | undefined; readonly settled: readonly Settled[]}> {
  const actions = unsettled.map(({intent}) => intent as unknown as Action)
  const {shown, missing} = await readBack(user, [...actions, ...unseen], deps, consistencyMs, signal)
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

/** Code of a write that never showed. Should it show after all, it was ours. */
export const NOT_SEEN = 'not-seen'

const NOT_HAPPENED: Outcome = {
  status: 'failed',
  code: NOT_SEEN,
  message: 'the answer was lost, and the tenant does not show the change',
}

/** P6, D4, O1: what a successful write leaves behind for later runs. */
export function remembered(action: Action, server: ServerUser | undefined, hashKey: Uint8Array): Remember {
  // What an undo put back was never ours.
  if (action.rule === 'R3') return undefined
  if (action.kind === 'set-phone') return {number: {slot: action.slot, value: action.number}}
  if (action.kind !== 'activate-token' || server === undefined) return undefined
  const secretHash = secretBehind(action, server)?.keyedHash(hashKey)
  return secretHash === undefined ? undefined : {token: {secretHash, serialNumber: action.serialNumber}}
}

/** The record may have changed since the intent: `item` counts only while it still stands for the serial number. */
function secretBehind({serialNumber, item}: ActivateToken, server: ServerUser): OathSecret | undefined {
  const [kind, index] = item.split(':')
  if (kind === 'token') {
    const fits = ({serialNumber: own}: {readonly serialNumber: string}): boolean => own === serialNumber
    const first = server.oathTokens[Number(index)]
    return first !== undefined && fits(first) ? first.secret : server.oathTokens.find(fits)?.secret
  }
  const carried = (secret: OathSecret | undefined): boolean =>
    secret !== undefined && secret.fault() === undefined && secret.carriedSerial() === serialNumber
  return server.devices.map(({oathSecret}) => oathSecret).find(carried)
}

/** The memory of a user once what was found out is on record. */
export function withSettled(memory: UserMemory, settled: readonly Settled[]): UserMemory {
  const numbers: Partial<Record<PhoneSlot, readonly string[]>> = {...memory.numbers}
  const tokens = [...memory.tokens]
  for (const {remember} of settled) {
    if (remember === undefined) continue
    if ('token' in remember) tokens.push(remember.token)
    else numbers[remember.number.slot] = [...(numbers[remember.number.slot] ?? []), remember.number.value]
  }
  return {...memory, numbers, tokens, unsettled: []}
}
