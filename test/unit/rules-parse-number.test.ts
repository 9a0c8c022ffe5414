import fc from 'fast-check'
import {parsePhoneNumberFromString, type CountryCode} from 'libphonenumber-js/core'
import metadata from 'libphonenumber-js/metadata.min'
import {describe, expect, it} from 'vitest'
import {parseNumber, type NumberHint} from '../../src/lib/migration/rules/parse-number.js'

/** The library as it stands, with every country looked at. */
function library(text: string, hint: NumberHint) {
  try {
    const parsed = parsePhoneNumberFromString(text, {...hint, extract: false}, metadata)
    return (
      parsed && {
        callingCode: parsed.countryCallingCode,
        nationalNumber: parsed.nationalNumber,
        extension: parsed.ext,
        isPossible: parsed.isPossible(),
      }
    )
  } catch {
    return undefined
  }
}

const codes = metadata.country_calling_codes as Readonly<Record<string, CountryCode[]>>
const shared = ['1', '7', '44', '61'].flatMap((code) => codes[code] ?? [])
const digits = (minLength: number, maxLength: number) =>
  fc.string({unit: fc.constantFrom(...'0123456789'), minLength, maxLength})

const text = fc
  .tuple(
    fc.constantFrom(
      '',
      '',
      '+',
      '+1',
      '+7',
      '+44',
      '+61',
      '0',
      '1',
      '8',
      '00',
      '011',
      '44',
      '61',
      '1268',
      '1658',
    ),
    fc.oneof(digits(10, 10), digits(5, 12)),
    fc.constantFrom('', '', ' ', '-', ') '),
    fc.constantFrom('', '', '', 'x12', ' ext. 5', ';ext=7'),
  )
  .map(
    ([prefix, number, gap, extension]) =>
      `${prefix}${number.slice(0, 3)}${gap}${number.slice(3)}${extension}`,
  )

const plusOne = fc
  .tuple(
    fc.constantFrom('', '', '+1', '+1 ', '1', '1 ', '+1  '),
    digits(10, 10),
    fc.constantFrom('', ' ', '.', '-', '  '),
    fc.constantFrom('', ' ', '.', '-'),
    fc.boolean(),
    fc.constantFrom('', '', '', ' ', 'x12'),
  )
  .map(([prefix, number, one, two, brackets, end]) => {
    const area = number.slice(0, 3)
    return `${prefix}${brackets ? `(${area})` : area}${one}${number.slice(3, 6)}${two}${number.slice(6)}${end}`
  })

const hint: fc.Arbitrary<NumberHint> = fc.oneof(
  fc.constantFrom('1', '7', '44', '61', '39', '599').map((defaultCallingCode) => ({defaultCallingCode})),
  fc.constantFrom<CountryCode>(...shared, 'DE', 'FR', 'IT').map((defaultCountry) => ({defaultCountry})),
)

describe('P4: numbers of calling codes that countries share', () => {
  it('are read as the library reads them', () => {
    let possible = 0
    fc.assert(
      fc.property(fc.oneof(text, plusOne), hint, (number, given) => {
        const own: NumberHint = number.startsWith('+') ? {} : given
        const parsed = parseNumber(number, own)
        if (parsed?.isPossible === true) possible += 1
        expect(parsed).toEqual(library(number, own))
      }),
      {numRuns: 5000},
    )
    expect(possible).toBeGreaterThan(500)
  })

  it.each([
    ['2685550100', {defaultCountry: 'AG' as CountryCode}],
    ['2685550', {defaultCountry: 'US' as CountryCode}],
    ['5550100', {defaultCountry: 'JM' as CountryCode}],
    ['01481 960194', {defaultCallingCode: '44'}],
    ['7781 000', {defaultCountry: 'GG' as CountryCode}],
    ['183112345', {defaultCallingCode: '61'}],
  ])('%s with %o', (number, given) => {
    expect(parseNumber(number, given)).toEqual(library(number, given))
  })
})
