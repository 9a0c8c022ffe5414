// The small metadata build knows calling codes, prefixes and possible lengths, which is all P4 asks for. Whether a number
// is assigned ("valid") is not asked: numbering plans change faster than a copy of them, and 555-01xx must pass.
import {
  isSupportedCountry,
  Metadata,
  parsePhoneNumberFromString,
  type CountryCode,
} from 'libphonenumber-js/core'
import metadata from 'libphonenumber-js/metadata.min'

export interface ParsedNumber {
  readonly callingCode: string
  readonly nationalNumber: string
  readonly extension?: string | undefined
  /** It has a length that numbers of its country have. */
  readonly isPossible: boolean
}

/** What a number without a calling code of its own belongs to. */
export interface NumberHint {
  readonly defaultCallingCode?: string
  readonly defaultCountry?: CountryCode
}

export const isCountry = (text: string): text is CountryCode =>
  isSupportedCountry(text as CountryCode, metadata)

/**
 * Countries share these calling codes. Finding out which of them a number belongs to takes the library half of its time,
 * and P4 does not ask: numbers of this length are possible in all of them. So the first country stands for all, and only a
 * number of another length is looked at again.
 */
const COMMON_LENGTH: Readonly<Record<string, number>> = {1: 10, 7: 10, 44: 10, 61: 9}

const countriesOf = metadata.country_calling_codes as Readonly<Record<string, readonly string[]>>
const oneCountryEach = {
  ...metadata,
  country_calling_codes: {
    ...countriesOf,
    ...Object.fromEntries(Object.keys(COMMON_LENGTH).map((code) => [code, countriesOf[code]?.slice(0, 1)])),
  },
} as typeof metadata

/**
 * Most numbers of most records: ten digits of +1, laid out as people do. An area code never begins with 0 or 1, so there is
 * no prefix to take off, and the library would say the same.
 */
const PLUS_ONE = /^(\+1 ?)?(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[ .-]?)(\d{3})[ .-]?(\d{4})$/

function readPlusOne(text: string, hint: NumberHint): ParsedNumber | undefined {
  const parts = PLUS_ONE.exec(text)
  if (parts === null || (parts[1] === undefined && hint.defaultCallingCode !== '1')) return undefined
  const nationalNumber = `${parts[2] ?? parts[3]}${parts[4]}${parts[5]}`
  return {callingCode: '1', nationalNumber, isPossible: true}
}

/** Reads the whole text as one number; undefined if it is none. */
export function parseNumber(text: string, hint: NumberHint): ParsedNumber | undefined {
  const plusOne = readPlusOne(text, hint)
  if (plusOne !== undefined) return plusOne
  const quick = parse(text, hint, oneCountryEach)
  const common = quick && COMMON_LENGTH[quick.countryCallingCode]
  if (quick !== undefined && common === quick.nationalNumber.length) return result(quick, true)
  const parsed = quick !== undefined && common === undefined ? quick : parse(text, hint, metadata)
  return parsed && result(parsed, parsed.isPossible())
}

/**
 * The number behind the country's own prefix for calls abroad (`011`, `010`, `0011`); undefined if the text does not begin
 * with that prefix. With a calling code alone the library would take the prefix for a part of the number.
 */
export function parseAbroad(text: string, hint: NumberHint): ParsedNumber | undefined {
  const prefix = abroadPrefix(hint)?.exec(text)?.[0]
  return prefix === undefined ? undefined : parseNumber(`+${text.slice(prefix.length)}`, {})
}

const prefixes = new Map<string, RegExp | undefined>()

function abroadPrefix(hint: NumberHint): RegExp | undefined {
  const country = hint.defaultCountry ?? countriesOf[hint.defaultCallingCode ?? '']?.[0]
  if (country === undefined || !isCountry(country)) return undefined
  if (!prefixes.has(country)) {
    const plan = new Metadata(metadata)
    plan.selectNumberingPlan(country)
    const own = plan.numberingPlan?.IDDPrefix()
    prefixes.set(country, own ? new RegExp(`^(?:${own})`) : undefined)
  }
  return prefixes.get(country)
}

type Library = ReturnType<typeof parse>

function result(parsed: NonNullable<Library>, isPossible: boolean): ParsedNumber {
  const {countryCallingCode, nationalNumber, ext} = parsed
  return {callingCode: countryCallingCode, nationalNumber, extension: ext, isPossible}
}

function parse(text: string, hint: NumberHint, plans: typeof metadata) {
  try {
    return parsePhoneNumberFromString(text, {...hint, extract: false}, plans)
  } catch {
    // The library throws for a calling code that no country has.
    return undefined
  }
}
