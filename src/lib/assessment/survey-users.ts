import {foldCase} from '../model/fold-case.js'
import {SERVER_MODES, type ServerPhone, type ServerUser} from '../model/server-user.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'

/** What can be found out about one user or another. */
export const USER_CODES = [
  'no-method',
  'sms-or-voice-only',
  'duplicate-user',
  'duplicate-token',
  'record-fault',
  'number-impossible',
  'country-unknown',
  'seed-missing',
  'device-limit',
  'pin',
  'two-way-sms',
  'language',
  'disabled',
] as const
export type UserCode = (typeof USER_CODES)[number]

/** Whether a number can be dialled, by rule P4; `none` where there is none. */
export type NumberCheck = (
  phone: ServerPhone | undefined,
) => 'dialable' | 'number-impossible' | 'country-unknown' | 'none'

/** One user whom a finding is about. Never holds a secret. */
export interface Affected {
  readonly user: string
  readonly detail: string
}

/** A user of the server; with a group also what the person has in Entra already. */
export interface SurveyedUser {
  readonly server: ServerUser
  readonly entra?: {readonly phone: boolean; readonly stronger: boolean} | undefined
}

/** Counts over all users, and who is affected by what. */
export interface UserSurvey {
  readonly users: number
  /** Of the users who are enabled: MFA Server's Authentication Method; `invalid` for any other. */
  readonly modes: Readonly<Record<string, number>>
  /** Users with a phone that can be dialled, an app device, an OATH token, whatever their default is. */
  readonly having: {readonly phone: number; readonly app: number; readonly token: number}
  readonly devices: number
  readonly tokens: number
  readonly pins: {readonly voiceCall: number; readonly smsText: number; readonly phoneApp: number}
  /** Language → users who have it. */
  readonly languages: ReadonlyMap<string, number>
  readonly counts: Readonly<Record<UserCode, number>>
  readonly first: Readonly<Record<UserCode, readonly Affected[]>>
  /** Everybody affected, by code; on disk beyond a few megabytes. */
  readonly affected: Bag<Affected>
}

/** Entra counts app devices, hardware and software OATH tokens together (B6). */
const DEVICE_LIMIT = 5
const SHOWN = 5

/**
 * Goes through all users once. Disabled users are counted and otherwise left aside, since they are not migrated (U4),
 * except where they share a name with others. Memory stays flat.
 */
export async function surveyUsers(
  users: AsyncIterable<SurveyedUser>,
  {check, scratch, ui}: {readonly check: NumberCheck; readonly scratch: Scratch; readonly ui: Ui},
  signal: AbortSignal,
): Promise<UserSurvey> {
  const tally = new Tally(scratch, check)
  let done = 0
  for await (const user of users) {
    signal.throwIfAborted()
    tally.add(user)
    if (++done % 500 === 0) ui.emit({type: 'progress', phase: 'looking at users', done})
  }
  ui.emit({type: 'phase-end', phase: 'looking at users'})
  return tally.result()
}

class Tally {
  readonly #check: NumberCheck
  /** Names, SIDs and serial numbers, each with those who have it. */
  readonly #names: Bag<string>
  readonly #affected: Bag<Affected>
  /** Users who were counted as duplicates. */
  readonly #told: Bag<true>
  readonly #modes: Record<string, number> = Object.fromEntries(
    [...SERVER_MODES, 'invalid'].map((mode) => [mode, 0]),
  )
  readonly #counts = Object.fromEntries(USER_CODES.map((code) => [code, 0])) as Record<UserCode, number>
  readonly #first = Object.fromEntries(USER_CODES.map((code) => [code, []])) as unknown as Record<
    UserCode,
    Affected[]
  >
  readonly #languages = new Map<string, number>()
  readonly #having = {phone: 0, app: 0, token: 0}
  readonly #pins = {voiceCall: 0, smsText: 0, phoneApp: 0}
  #users = 0
  #devices = 0
  #tokens = 0

  constructor(scratch: Scratch, check: NumberCheck) {
    this.#check = check
    this.#names = scratch.bag('assessed-names')
    this.#affected = scratch.bag('assessed-users')
    this.#told = scratch.bag('assessed-duplicates')
  }

  add({server: user, entra}: SurveyedUser): void {
    this.#users++
    this.#remember(user)
    const broken = user.faults.find(({severity}) => severity !== 'field')
    if (broken !== undefined) this.#tell('record-fault', user, broken.message)
    if (broken?.severity === 'row') return
    if (!user.enabled) {
      this.#tell('disabled', user, 'disabled on the server')
      return
    }
    const mode = user.mode ?? 'invalid'
    this.#modes[mode] = (this.#modes[mode] ?? 0) + 1
    this.#devices += user.devices.length
    this.#tokens += user.oathTokens.length
    this.#pin(user)
    for (const language of user.languages ?? []) {
      this.#languages.set(language, (this.#languages.get(language) ?? 0) + 1)
    }
    if (user.languages !== undefined) this.#tell('language', user, user.languages.join(', '))
    if (user.mode === 'smsText' && user.smsDirection === 'twoWay')
      this.#tell('two-way-sms', user, 'answers text messages (Text Message Direction: Two-Way)')
    this.#methods(user, entra)
  }

  result(): UserSurvey {
    this.#duplicates()
    return {
      users: this.#users,
      modes: this.#modes,
      having: this.#having,
      devices: this.#devices,
      tokens: this.#tokens,
      pins: this.#pins,
      languages: this.#languages,
      counts: this.#counts,
      first: this.#first,
      affected: this.#affected,
    }
  }

  /** What the user would have once everything was carried over. */
  #methods(user: ServerUser, entra: SurveyedUser['entra']): void {
    const phones = [user.phone, user.backupPhone].map((phone) => ({phone, found: this.#check(phone)}))
    for (const {phone, found} of phones)
      if (found === 'number-impossible' || found === 'country-unknown')
        this.#tell(found, user, `"${phone?.number ?? ''}"`)
    const seedless = user.oathTokens.filter(({secret}) => secret === undefined || secret.isEmpty)
    for (const {serialNumber} of seedless) this.#tell('seed-missing', user, `token ${serialNumber}`)
    const total = user.devices.length + user.oathTokens.length
    if (total > DEVICE_LIMIT) this.#tell('device-limit', user, `${total} devices and tokens`)
    const phone = phones.some(({found}) => found === 'dialable')
    // Push cannot be carried over; the codes of the app can, where its secret is known (D6).
    const app = user.devices.some(
      ({oathSecret}) => oathSecret !== undefined && oathSecret.fault() === undefined,
    )
    const token = user.oathTokens.length > seedless.length
    const stronger = app || token || entra?.stronger === true
    if (phone) this.#having.phone++
    if (user.devices.length > 0) this.#having.app++
    if (user.oathTokens.length > 0) this.#having.token++
    if (stronger) return
    if (!phone && entra?.phone !== true)
      this.#tell('no-method', user, 'nothing of the record can be carried over')
    else this.#tell('sms-or-voice-only', user, 'SMS or voice is all that the user will have')
  }

  #pin(user: ServerUser): void {
    const {mode} = user
    const said =
      mode === 'voiceCall' && isPin(user.pinMode)
        ? `Phone Call Mode: ${user.pinMode}`
        : mode === 'smsText' && user.smsMode === 'otpPlusPin'
          ? 'Text Message Mode: OTP + PIN'
          : mode === 'phoneApp' && isPin(user.phoneAppMode)
            ? `Mobile App Mode: ${user.phoneAppMode}`
            : undefined
    if (said === undefined || mode === undefined || mode === 'oathToken') return
    this.#pins[mode]++
    this.#tell('pin', user, said)
  }

  #remember(user: ServerUser): void {
    const {username, userPrincipalName, sid, oathTokens, key} = user
    const names = new Set([username, ...(userPrincipalName ? [userPrincipalName] : [])].map(foldCase))
    for (const name of names) this.#names.add(`name ${name}`, key)
    if (sid) this.#names.add(`SID ${foldCase(sid)}`, key)
    for (const serial of new Set(oathTokens.map(({serialNumber}) => serialNumber)))
      if (serial !== '') this.#names.add(`serial number ${serial}`, key)
  }

  /** Entries come sorted by key, so those of one name stand together. */
  #duplicates(): void {
    let name = ''
    let keys: string[] = []
    const close = (): void => {
      const code = name.startsWith('serial number ') ? 'duplicate-token' : 'duplicate-user'
      if (keys.length > 1) this.#twice(code, name, keys)
      keys = []
    }
    for (const [next, key] of this.#names.entries()) {
      if (next !== name) close()
      name = next
      keys.push(key)
    }
    close()
  }

  #twice(code: 'duplicate-user' | 'duplicate-token', name: string, keys: readonly string[]): void {
    for (const key of keys) {
      const others = keys.filter((other) => other !== key).slice(0, SHOWN)
      const id = `${code} ${key}`
      const affected = {
        user: key,
        detail: `${name} is also that of ${others.map((other) => `"${other}"`).join(', ')}`,
      }
      this.#affected.add(code, affected)
      if (this.#told.get(id).length > 0) continue
      this.#told.set(id, true)
      this.#count(code, affected)
    }
  }

  #tell(code: UserCode, user: ServerUser, detail: string): void {
    const affected = {user: user.key, detail}
    this.#affected.add(code, affected)
    // A user with two wrong numbers is one user.
    if (this.#last[code] === user.key) return
    this.#last[code] = user.key
    this.#count(code, affected)
  }

  readonly #last: Partial<Record<UserCode, string>> = {}

  #count(code: UserCode, affected: Affected): void {
    this.#counts[code]++
    if (this.#first[code].length < SHOWN) this.#first[code].push(affected)
  }
}

const isPin = (mode: string | undefined): boolean =>
  mode === 'pin' || mode === 'returnPin' || mode === 'voiceprint'
