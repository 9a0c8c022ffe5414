import type {ActionId} from '../../model/brand.js'
import type {EntraPhone, PhoneSlot} from '../../model/entra-user.js'
import {sameNumber} from '../../model/same-number.js'
import type {RuleId, SetPhone} from '../plan.js'
import {actionId, finding, instant} from './draft.js'
import type {Draft, PlanUserInput} from './draft.js'
import {graphForm, readPhone} from './phone-number.js'

/** What the user's phone slots will be like. */
export interface PhonesAfter {
  /** The slots that will hold a number, each with the action that puts it there, if one does. */
  readonly slots: ReadonlyMap<PhoneSlot, ActionId | undefined>
  /** Where the record's phone belongs (P1–P3); undefined if it has none that can be used. */
  readonly phoneSlot?: PhoneSlot | undefined
}

interface Placement {
  readonly item: 'phone' | 'backupPhone'
  readonly rule: RuleId
  readonly slot: PhoneSlot
  /** Graph's form */
  readonly number: string
}

/** P1–P8, B1–B4: phone and backup phone of the record into the slots of Entra. */
export function planPhones(input: PlanUserInput, draft: Draft): PhonesAfter {
  const existing = phonesBySlot(input.methods.phones)
  const writes = new Map<PhoneSlot, SetPhone>()
  const after = new Map<PhoneSlot, string>()
  for (const [slot, phone] of existing) after.set(slot, phone.number)

  const phone = placePhone(input, draft)
  if (phone !== undefined) settle(phone)
  const backup = placeBackup(input, draft, phone, after.get('mobile'))
  if (backup !== undefined) settle(backup)

  const actions = PHONE_ORDER.flatMap((slot) => writes.get(slot) ?? [])
  draft.actions.push(...actions)
  return {
    slots: new Map([...after.keys()].map((slot) => [slot, writes.get(slot)?.id])),
    phoneSlot: phone?.slot,
  }

  function settle(place: Placement): void {
    const there = existing.get(place.slot)
    if (there !== undefined && sameNumber(there.number, place.number)) {
      draft.alreadyThere.push({item: place.item, rule: 'P5', target: place.slot}) // P5
      return
    }
    if (there !== undefined && !mayReplace(input, there)) {
      draft.findings.push(
        finding(
          'phone-kept',
          'P6',
          place.item,
          `The ${SLOT_NAME[place.slot]} number in Entra (${there.number}) is not the server's (${place.number}) and is kept; ` +
            '--phones replace overwrites it.',
          place.slot,
        ),
      )
      return
    }
    const mobile = writes.get('mobile')
    writes.set(place.slot, {
      kind: 'set-phone',
      id: actionId(input.entra.id, 'set-phone', place.slot),
      rule: there === undefined ? place.rule : 'P6',
      item: place.item,
      // P8: Graph refuses an alternate mobile number without a mobile number.
      needs: place.slot === 'alternateMobile' && mobile?.change === 'create' ? [mobile.id] : [],
      slot: place.slot,
      number: place.number,
      ...(there === undefined ? {change: 'create'} : {change: 'replace', previous: there.number}),
    })
    after.set(place.slot, place.number)
  }
}

/** P8: mobile before alternateMobile. */
const PHONE_ORDER: readonly PhoneSlot[] = ['mobile', 'alternateMobile', 'office']

const SLOT_NAME: Readonly<Record<PhoneSlot, string>> = {
  mobile: 'mobile',
  alternateMobile: 'alternate mobile',
  office: 'office',
}

/** P1, P2, P3 */
function placePhone({server, options}: PlanUserInput, draft: Draft): Placement | undefined {
  const reading = readPhone(server.phone, options.defaultCountry)
  if (reading.kind === 'none') return undefined
  if (reading.kind === 'fault') {
    draft.findings.push(finding(reading.code, 'P4', 'phone', `The phone ${reading.detail}`))
    return undefined
  }
  const {base, extension} = reading.number
  if (extension === undefined) return {item: 'phone', rule: 'P1', slot: 'mobile', number: base}
  if (server.mode !== 'smsText')
    return {item: 'phone', rule: 'P2', slot: 'office', number: graphForm(reading.number)}
  draft.findings.push(
    finding(
      'extension-dropped',
      'P3',
      'phone',
      `The default method is text message, which reaches no extension: ${base} is used without extension ${extension}; ` +
        'check that it is a mobile number.',
    ),
  )
  return {item: 'phone', rule: 'P3', slot: 'mobile', number: base}
}

/** B1–B4, P7. `mobile` is the number that the mobile slot will hold once the phone is settled. */
function placeBackup(
  {server, options}: PlanUserInput,
  draft: Draft,
  phone: Placement | undefined,
  mobile: string | undefined,
): Placement | undefined {
  const item = 'backupPhone'
  const reading = readPhone(server.backupPhone, options.defaultCountry)
  if (reading.kind === 'none') return undefined
  if (reading.kind === 'fault') {
    draft.findings.push(finding(reading.code, 'P4', item, `The backup phone ${reading.detail}`))
    return undefined
  }
  const number = graphForm(reading.number)
  if (phone !== undefined && sameNumber(phone.number, number)) {
    // P7
    draft.findings.push(
      finding(
        'same-number',
        'P7',
        item,
        `The backup phone is the phone's own number, ${number}; it is written once.`,
      ),
    )
    return undefined
  }
  if (reading.number.extension !== undefined) {
    // B3: P2 and P3 are the rules of a phone with an extension.
    if (phone?.rule === 'P2' || phone?.rule === 'P3') {
      draft.findings.push(
        finding(
          'backup-skipped',
          'B3',
          item,
          `Phone and backup phone both have an extension; the backup phone ${number} is skipped. ` +
            'Have the user register another one if it is needed.',
        ),
      )
      return undefined
    }
    return {item, rule: 'B2', slot: 'office', number}
  }
  if (mobile === undefined) {
    if (options.promoteBackup) {
      draft.findings.push(
        finding(
          'backup-promoted',
          'B4',
          item,
          `Entra takes no alternate mobile number without a mobile number: the backup phone ${number} becomes the mobile ` +
            'number; --no-promote-backup skips it.',
        ),
      )
      return {item, rule: 'B4', slot: 'mobile', number}
    }
    draft.findings.push(
      finding(
        'backup-skipped',
        'B4',
        item,
        `The user has no mobile number and --no-promote-backup is given: the backup phone ${number} is skipped.`,
      ),
    )
    return undefined
  }
  // A number that was promoted earlier, or that the user registered, is not written a second time.
  if (sameNumber(mobile, number)) return {item, rule: 'B4', slot: 'mobile', number}
  return {item, rule: 'B1', slot: 'alternateMobile', number}
}

/** P6 */
function mayReplace({server, memory, options}: PlanUserInput, there: EntraPhone): boolean {
  if (options.phones !== 'safe') return options.phones === 'replace'
  if (memory.numbers[there.slot]?.some((number) => sameNumber(number, there.number)) === true) return true
  const changed = instant(server.lastModified)
  const created = instant(there.createdDateTime)
  return changed !== undefined && created !== undefined && changed > created
}

function phonesBySlot(phones: readonly EntraPhone[]): ReadonlyMap<PhoneSlot, EntraPhone> {
  return new Map(phones.map((phone) => [phone.slot, phone]))
}
