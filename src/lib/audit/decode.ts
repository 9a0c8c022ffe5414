import type {PhoneSlot} from '../model/entra-user.js'
import type {Secret} from '../model/secret.js'
import type {AuditActor, AuditedProperty, AuditEntry} from '../ports/audit-log.js'

/** A method as the log numbers it, and whether it is the default. */
export interface LoggedMethod {
  readonly code: number
  readonly isDefault: boolean
}

export interface LoggedNumber {
  readonly slot: PhoneSlot
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** What one property says. Numbers are whole here: `words.ts` masks them. Push tokens, keys and texts of others are not taken over. */
export type Change =
  | {
      readonly kind: 'methods'
      readonly before: readonly LoggedMethod[]
      readonly after: readonly LoggedMethod[]
    }
  | {readonly kind: 'numbers'; readonly numbers: readonly LoggedNumber[]; readonly email: boolean}
  | {
      readonly kind: 'devices'
      readonly added: readonly string[]
      readonly removed: readonly string[]
      readonly kept: number
    }
  | {readonly kind: 'per-user-mfa'; readonly before: string; readonly after: string}
  /** About MFA, but not in a form that can be read. */
  | {readonly kind: 'unreadable'; readonly property: string}
  /** Not about MFA: only its name is of interest. */
  | {readonly kind: 'other'; readonly property: string}

/** An entry about one target, its properties decoded. JSON data without secrets. */
export interface DecodedEntry {
  readonly id: string
  readonly at: string
  readonly activity: string
  readonly result?: string | undefined
  readonly reason?: string | undefined
  readonly service?: string | undefined
  readonly actor: AuditActor
  readonly user?: string | undefined
  readonly userPrincipalName?: string | undefined
  readonly changes: readonly Change[]
}

/** Says which properties changed, which the others say themselves. */
const INCLUDED = 'Included Updated Properties'
const STRONG = 'StrongAuthentication'

/** One entry a target; an entry without targets stays one. Never throws, whatever the values hold. */
export function decode(entry: AuditEntry): readonly DecodedEntry[] {
  const {targets, ...base} = entry
  if (targets.length === 0) return [{...base, changes: []}]
  return targets.map(({id, name, properties}) => ({
    ...base,
    user: id,
    userPrincipalName: name,
    changes: properties.filter(({property}) => property !== INCLUDED).map(changeOf),
  }))
}

/** Whether it is about MFA: methods, numbers, devices, security info, staged rollout. */
export function isAboutMfa({changes, service, activity}: DecodedEntry): boolean {
  return (
    changes.some(({kind}) => kind !== 'other') ||
    service === 'Authentication Methods' ||
    /security info|authentication method|rollout/i.test(activity)
  )
}

function changeOf({property, before, after}: AuditedProperty): Change {
  if (!property.startsWith(STRONG)) return {kind: 'other', property}
  const [old, now] = [listIn(before), listIn(after)]
  if (old === undefined || now === undefined) return {kind: 'unreadable', property}
  switch (property) {
    case 'StrongAuthenticationMethod':
      return {kind: 'methods', before: old.flatMap(methodOf), after: now.flatMap(methodOf)}
    case 'StrongAuthenticationUserDetails':
      return numbersOf(old[0] ?? {}, now[0] ?? {})
    case 'StrongAuthenticationPhoneAppDetail':
      return devicesOf(old, now)
    case 'StrongAuthenticationRequirement':
      return {kind: 'per-user-mfa', before: stateOf(old[0]), after: stateOf(now[0])}
    default:
      return {kind: 'unreadable', property}
  }
}

type Fields = Readonly<Record<string, unknown>>

/** JSON as text, sometimes as text within text: its objects. Empty where there is nothing, undefined where it cannot be read. */
function listIn(value: Secret | undefined): readonly Fields[] | undefined {
  let read: unknown = value?.reveal() ?? null
  for (let layer = 0; typeof read === 'string' && layer < LAYERS; layer++) {
    if (read.trim() === '') return []
    try {
      read = JSON.parse(read)
    } catch {
      return undefined
    }
  }
  if (read === null) return []
  const list = Array.isArray(read) ? (read as readonly unknown[]) : [read]
  return list.every((each) => typeof each === 'object' && each !== null)
    ? (list as readonly Fields[])
    : undefined
}

const LAYERS = 3

function methodOf({MethodType: code, Default: isDefault}: Fields): readonly LoggedMethod[] {
  const number = typeof code === 'string' && code !== '' ? Number(code) : code
  return typeof number === 'number' && Number.isInteger(number)
    ? [{code: number, isDefault: isDefault === true}]
    : []
}

const SLOTS: readonly (readonly [PhoneSlot, string])[] = [
  ['mobile', 'PhoneNumber'],
  ['alternateMobile', 'AlternativePhoneNumber'],
  ['office', 'VoiceOnlyPhoneNumber'],
]

function numbersOf(old: Fields, now: Fields): Change {
  const numbers = SLOTS.map(([slot, field]) => ({
    slot,
    before: textOf(old[field]),
    after: textOf(now[field]),
  }))
  return {
    kind: 'numbers',
    numbers: numbers.filter(({before, after}) => before !== after),
    email: textOf(old['Email']) !== textOf(now['Email']),
  }
}

/** Compared by what is not secret of them. */
function devicesOf(old: readonly Fields[], now: readonly Fields[]): Change {
  const left = old.map((device) => ({key: keyOf(device), name: nameOf(device)}))
  const added: string[] = []
  let kept = 0
  for (const device of now) {
    const at = left.findIndex(({key}) => key === keyOf(device))
    if (at < 0) added.push(nameOf(device))
    else {
      left.splice(at, 1)
      kept += 1
    }
  }
  return {kind: 'devices', added, removed: left.map(({name}) => name), kept}
}

const keyOf = (device: Fields): string =>
  JSON.stringify([textOf(device['Id']) ?? textOf(device['DeviceId']), textOf(device['DeviceName'])])

const NAME_MAX = 60
const nameOf = (device: Fields): string =>
  (textOf(device['DeviceName']) ?? 'a device without a name').slice(0, NAME_MAX)

const STATES: readonly string[] = ['disabled', 'enabled', 'enforced']

function stateOf(requirement: Fields | undefined): string {
  if (requirement === undefined) return 'disabled'
  return STATES[Number(requirement['State'])] ?? 'unknown'
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
