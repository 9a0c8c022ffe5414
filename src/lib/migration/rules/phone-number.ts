import type {ServerPhone} from '../../model/server-user.js'
import {isCountry, type NumberHint, parseNumber} from './parse-number.js'

/** A number in Graph's form, its two parts apart. */
export interface PlainNumber {
  /** `+CC number` */
  readonly base: string
  /** Digits */
  readonly extension?: string | undefined
}

export type PhoneReading =
  | {readonly kind: 'none'}
  | {readonly kind: 'number'; readonly number: PlainNumber}
  | {readonly kind: 'fault'; readonly code: 'phone-invalid' | 'country-unknown'; readonly detail: string}

/**
 * P4: the record's number in Graph's form.
 *
 * A number's own `+` or `00` beats the record's country code, which beats `defaultCountry` (ISO 3166 alpha-2).
 * `none` where the record has neither number nor extension.
 */
export function readPhone(phone: ServerPhone | undefined, defaultCountry: string | undefined): PhoneReading {
  const text = phone?.number.trim() ?? ''
  const given = phone?.extension?.trim() ?? ''
  if (phone === undefined || (text === '' && given === '')) return {kind: 'none'}
  const shown = show(phone)
  const code = (phone.countryCode ?? '').trim()
  const international = text.startsWith('00') ? `+${text.slice(2)}` : text
  let hint: NumberHint
  if (international.startsWith('+')) hint = {}
  else if (code !== '') hint = {defaultCallingCode: callingCode(code)}
  else if (defaultCountry !== undefined && isCountry(defaultCountry)) hint = {defaultCountry}
  else {
    return {
      kind: 'fault',
      code: 'country-unknown',
      detail: `${shown} has no country code; give one with --default-country, or correct the number on MFA Server.`,
    }
  }
  const parsed = parseNumber(international, hint)
  if (parsed?.isPossible !== true) {
    return invalid(
      `${shown} is not a possible phone number; correct it on MFA Server or have the user register one.`,
    )
  }
  const inside = parsed.extension ?? ''
  // Entra takes digits only; leaving a letter out would dial somebody else.
  if (given !== '' && !/^[0-9]{1,10}$/.test(given)) {
    return invalid(`${shown} has an extension that is not made of 1 to 10 digits; correct it on MFA Server.`)
  }
  if (inside !== '' && given !== '' && inside !== given) {
    return invalid(
      `${shown} has one extension inside the number and another beside it; correct it on MFA Server.`,
    )
  }
  const extension = given === '' ? inside : given
  const base = `+${parsed.callingCode} ${parsed.nationalNumber}`
  return {kind: 'number', number: extension === '' ? {base} : {base, extension}}
}

/** `+CC number[xEXT]` */
export function graphForm(number: PlainNumber): string {
  return number.extension === undefined ? number.base : `${number.base}x${number.extension}`
}

/** Two numbers in Graph's form; spaces and the case of the `x` mean nothing (P5). */
export function sameNumber(a: string, b: string): boolean {
  return a === b || bare(a) === bare(b)
}

function bare(number: string): string {
  return number.replace(/\s+/g, '').toLowerCase()
}

/** `1`, `+1`, `0044`, `00 44`, `+1 ` */
function callingCode(text: string): string {
  return text.replace(/[\s().-]/g, '').replace(/^(\+|00)/, '')
}

function invalid(detail: string): PhoneReading {
  return {kind: 'fault', code: 'phone-invalid', detail}
}

function show(phone: ServerPhone): string {
  const code = phone.countryCode?.trim() ?? ''
  const extension = phone.extension?.trim() ?? ''
  return `"${phone.number}"${code === '' ? '' : ` with country code "${code}"`}${extension === '' ? '' : ` and extension "${extension}"`}`
}
