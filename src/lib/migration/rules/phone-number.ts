import type {ServerPhone} from '../../model/server-user.js'
import {isCountry, type NumberHint, parseAbroad, type ParsedNumber, parseNumber} from './parse-number.js'

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
 * A number's own `+`, `00` or prefix for calls abroad beats the record's country code, which beats `defaultCountry`
 * (ISO 3166 alpha-2). `none` where the record has neither number nor extension.
 */
export function readPhone(phone: ServerPhone | undefined, defaultCountry: string | undefined): PhoneReading {
  const text = plain(phone?.number ?? '')
  // MFA Server itself writes extensions as `x890`.
  const given = phone?.extension?.trim().replace(/^(?:ext(?:\.|ension)?|x)\s*(?=\d)/i, '') ?? ''
  if (phone === undefined || (text === '' && given === '')) return {kind: 'none'}
  const code = (phone.countryCode ?? '').trim()
  const isAbroad = text.startsWith('+') || text.startsWith('00')
  let hint: NumberHint = {}
  if (code !== '') hint = {defaultCallingCode: callingCode(code)}
  else if (defaultCountry !== undefined && isCountry(defaultCountry)) hint = {defaultCountry}
  else if (!isAbroad) {
    return {
      kind: 'fault',
      code: 'country-unknown',
      detail: `${show(phone)} has no country code; give one with --default-country, or correct the number on MFA Server.`,
    }
  }
  const [parsed, other] = readings(text, hint)
  if (parsed === undefined) {
    return invalid(
      `${show(phone)} is not a possible phone number; correct it on MFA Server or have the user register one.`,
    )
  }
  if (other !== undefined) {
    return invalid(
      `${show(phone)} may be +${parsed.callingCode} ${parsed.nationalNumber} or +${other.callingCode} ${other.nationalNumber}, depending on the ` +
        'prefix for calls abroad; write it with a + on MFA Server.',
    )
  }
  const inside = parsed.extension ?? ''
  // Entra takes digits only; leaving a letter out would dial somebody else.
  if (given !== '' && !/^[0-9]{1,10}$/.test(given)) {
    return invalid(
      `${show(phone)} has an extension that is not made of 1 to 10 digits; correct it on MFA Server.`,
    )
  }
  if (inside !== '' && given !== '' && inside !== given) {
    return invalid(
      `${show(phone)} has one extension inside the number and another beside it; correct it on MFA Server.`,
    )
  }
  const extension = given === '' ? inside : given
  if (extension.length > EXTENSION_MAX) {
    return invalid(
      `${show(phone)} has an extension of more than ${EXTENSION_MAX} digits; correct it on MFA Server.`,
    )
  }
  const base = `+${parsed.callingCode} ${parsed.nationalNumber}`
  return {kind: 'number', number: extension === '' ? {base} : {base, extension}}
}

/** Digits that Entra takes. */
const EXTENSION_MAX = 10

/** What the text can be: one number if all is well, two if they differ. */
function readings(text: string, hint: NumberHint): readonly ParsedNumber[] {
  if (text.startsWith('+')) return [parseNumber(text, {})].filter(isPossible)
  const zeros = text.startsWith('00') ? parseNumber(`+${text.slice(2)}`, {}) : undefined
  const abroad = [parseAbroad(text, hint), zeros].filter(isPossible)
  const different = abroad.filter((one, at) => abroad.findIndex((first) => isSame(first, one)) === at)
  if (different.length > 0 || text.startsWith('00')) return different
  return [parseNumber(text, hint)].filter(isPossible)
}

const isPossible = (one: ParsedNumber | undefined): one is ParsedNumber => one?.isPossible === true
const isSame = (one: ParsedNumber, other: ParsedNumber): boolean =>
  one.callingCode === other.callingCode && one.nationalNumber === other.nationalNumber

/** Without marks that do not print, which come along when a number is pasted; a `+` or `00` in brackets is taken out of them. */
function plain(text: string): string {
  if (PLAIN.test(text)) return text
  return text
    .replaceAll(/\p{Cf}/gu, '')
    .trim()
    .replace(/^\(\s*((?:[+＋]|00)[\s\d]*)\)/u, '$1 ')
    .replace(/^＋/, '+')
}

/** Nothing in it but what most people type. */
const PLAIN = /^[+\d](?:[\d .-]*\d)?$/

/** `+CC number[xEXT]` */
export function graphForm(number: PlainNumber): string {
  return number.extension === undefined ? number.base : `${number.base}x${number.extension}`
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
