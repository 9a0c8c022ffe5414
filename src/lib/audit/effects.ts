import {PHONE_SLOTS, type PhoneSlot} from '../model/entra-user.js'
import {sameNumber} from '../model/same-number.js'
import type {ActionRecord} from '../ports/journal.js'
import type {Change, DecodedEntry} from './decode.js'

/** A change of one user's methods that a run made, as far as the log would tell of it. */
export interface Write {
  readonly userPrincipalName: string
  readonly kind: string
  readonly slot?: PhoneSlot | undefined
  readonly number?: string | undefined
  readonly serialNumber?: string | undefined
  readonly method?: string | undefined
  /** When it was begun, and when its answer was on record (or the attempt was). */
  readonly at: string
  readonly until: string
  /** `perhaps`: it was found in place, so an entry is neither needed nor strange. `in-doubt`: the journal does not know. */
  readonly standing: 'done' | 'perhaps' | 'in-doubt'
}

/** Changes of the inventory, which belongs to no user. */
const INVENTORY: ReadonlySet<string> = new Set(['create-token', 'update-token', 'delete-token'])

/** Undefined for what was refused. `first`: when it was tried for the first time. */
export function writeOf(record: ActionRecord, first: string): Write | 'not-compared' | undefined {
  const {intent, outcome, intentAt, outcomeAt, userPrincipalName} = record
  const kind = text(intent['kind']) ?? ''
  if (outcome?.status === 'failed') return undefined
  if (INVENTORY.has(kind)) return 'not-compared'
  return {
    userPrincipalName,
    kind,
    slot: PHONE_SLOTS.find((slot) => slot === intent['slot']),
    number: text(intent['number']),
    serialNumber: text(intent['serialNumber']),
    method: text(intent['method']),
    at: first,
    until: outcomeAt ?? intentAt,
    standing:
      outcome?.status === 'done' ? 'done' : outcome?.status === 'already-done' ? 'perhaps' : 'in-doubt',
  }
}

/** Without its number. */
export function describeWrite({kind, slot, serialNumber, method}: Write): string {
  return [kind, slot, serialNumber, method].filter((part) => part !== undefined).join(' ')
}

/** Whether the entry shows what the write was to do. */
export function shows(write: Write, {changes}: DecodedEntry): boolean {
  const has = (kind: Change['kind']): boolean => changes.some((change) => change.kind === kind)
  switch (write.kind) {
    case 'set-phone':
      return changes.some(
        (change) =>
          change.kind === 'unreadable' ||
          isOfSlot(
            change,
            write.slot,
            (after) => after !== undefined && sameNumber(after, write.number ?? ''),
          ) ||
          // The methods that a number brings along may have an entry of their own.
          (change.kind === 'methods' && gains(change, write.slot)),
      )
    case 'remove-phone':
      return changes.some(
        (change) =>
          change.kind === 'unreadable' || isOfSlot(change, write.slot, (after) => after === undefined),
      )
    case 'set-default':
    case 'clear-default':
      return (
        changes.length === 0 ||
        changes.some(
          (change) =>
            change.kind === 'unreadable' ||
            (change.kind === 'methods' && (isDefault(change, write.method) || saysNothing(change))),
        )
      )
    case 'disable-sms-sign-in':
      return changes.length === 0 || has('numbers')
    default:
      // Tokens: assigned, activated, deactivated, unassigned.
      return (
        has('devices') ||
        changes.some(
          (change) =>
            change.kind === 'unreadable' ||
            (change.kind === 'methods' && (differsIn(change, OATH) || saysNothing(change))),
        )
      )
  }
}

function isOfSlot(
  change: Change,
  slot: PhoneSlot | undefined,
  wanted: (after: string | undefined) => boolean,
): boolean {
  return change.kind === 'numbers' && change.numbers.some((each) => each.slot === slot && wanted(each.after))
}

const SLOT_CODES: Readonly<Record<PhoneSlot, readonly number[]>> = {
  mobile: [0, 5],
  alternateMobile: [3],
  office: [2],
}

const OATH = 7
const DEFAULT_CODES: Readonly<Record<string, number>> = {
  push: 6,
  oath: OATH,
  sms: 5,
  voiceMobile: 0,
  voiceAlternateMobile: 3,
  voiceOffice: 2,
}

type Methods = Change & {kind: 'methods'}

/** The default is the one that was asked for; none where none was. */
function isDefault({before, after}: Methods, method: string | undefined): boolean {
  const code = (methods: Methods['after']) => methods.find((each) => each.isDefault)?.code
  return code(before) !== code(after) && code(after) === DEFAULT_CODES[method ?? '']
}

const differsIn = ({before, after}: Methods, code: number): boolean =>
  before.some((each) => each.code === code) !== after.some((each) => each.code === code)

/** The same methods before and after, and no default: what changed is not in the entry. */
const saysNothing = ({before, after}: Methods): boolean =>
  before.length === after.length &&
  after.every(({code, isDefault}) => !isDefault && before.some((each) => each.code === code))

function gains(change: Methods, slot: PhoneSlot | undefined): boolean {
  if (slot === undefined) return false
  const had = new Set(change.before.map(({code}) => code))
  return change.after.some(({code}) => SLOT_CODES[slot].includes(code) && !had.has(code))
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
