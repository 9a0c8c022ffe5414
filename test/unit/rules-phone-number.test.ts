import {describe, expect, it} from 'vitest'
import {graphForm, readPhone} from '../../src/lib/migration/rules/phone-number.js'
import type {ServerPhone} from '../../src/lib/model/server-user.js'

const read = (phone: ServerPhone | undefined, country?: string) => {
  const reading = readPhone(phone, country)
  if (reading.kind === 'number') return graphForm(reading.number)
  return reading.kind === 'none' ? 'none' : reading.code
}

describe('P4: written in Graph’s form', () => {
  it.each([
    ['1', '4255550100', undefined, '+1 4255550100'],
    ['+1', '(425) 555-0100', undefined, '+1 4255550100'],
    ['001', '425.555.0100', undefined, '+1 4255550100'],
    [' 1 ', ' 425 555 0100 ', undefined, '+1 4255550100'],
    ['1', '1 425 555 0100', undefined, '+1 4255550100'],
    ['0044', '020 7946 0100', undefined, '+44 2079460100'],
    ['00 44', '(0)20 7946 0100', undefined, '+44 2079460100'],
    ['49', '030 901820', undefined, '+49 30901820'],
    ['39', '06 1234 5678', undefined, '+39 0612345678'],
    ['1', '+44 20 7946 0100', undefined, '+44 2079460100'],
    ['1', '0044 20 7946 0100', undefined, '+44 2079460100'],
    [undefined, '+44 (0)20 7946 0100', undefined, '+44 2079460100'],
    ['1', '4255550100', '22', '+1 4255550100x22'],
    ['1', '4255550100', ' 0022 ', '+1 4255550100x0022'],
    ['1', '4255550100x890', undefined, '+1 4255550100x890'],
    ['1', '425-555-0100 ext. 890', '', '+1 4255550100x890'],
    ['1', '425-555-0100 x 890', '890', '+1 4255550100x890'],
    ['1', '4255550100', 'x22', '+1 4255550100x22'],
    ['1', '4255550100', ' X 0022', '+1 4255550100x0022'],
    ['1', '4255550100', 'ext22', '+1 4255550100x22'],
    ['1', '4255550100', 'Ext. 22', '+1 4255550100x22'],
    ['1', '4255550100', 'extension 22', '+1 4255550100x22'],
    ['1', '425-555-0100 x 890', 'x890', '+1 4255550100x890'],
    ['44', '01632 960100', undefined, '+44 1632960100'],
    ['44', '442079460100', undefined, '+44 2079460100'],
    ['1', '011 44 20 7946 0100', undefined, '+44 2079460100'],
    ['81', '010 44 20 7946 0100', undefined, '+44 2079460100'],
    ['81', '0044 20 7946 0100', undefined, '+44 2079460100'],
    ['61', '0011 44 20 7946 0100', undefined, '+44 2079460100'],
    ['44', '0044 20 7946 0100', undefined, '+44 2079460100'],
    ['1', '(+44) 20 7946 0100', undefined, '+44 2079460100'],
    ['1', '(0044) 20 7946 0100', undefined, '+44 2079460100'],
    [undefined, '(+44) 20 7946 0100', undefined, '+44 2079460100'],
    ['1', '＋44 20 7946 0100', undefined, '+44 2079460100'],
    ['1', '\u202d+1 425 555 0100\u202c', undefined, '+1 4255550100'],
    ['1', '(425) 555-0100', undefined, '+1 4255550100'],
    ['1', '4255550100;ext=890', undefined, '+1 4255550100x890'],
    ['1', '+44 20 7946 0100 x 890', undefined, '+44 2079460100x890'],
    ['61', '0412 345 678', undefined, '+61 412345678'],
    ['39', '3123456789', undefined, '+39 3123456789'],
  ])('country code %s, number %s, extension %s', (countryCode, number, extension, expected) => {
    expect(read({countryCode, number, extension})).toBe(expected)
  })
})

describe('P4: the country', () => {
  it('is the default country only where record and number have none', () => {
    expect(read({number: '020 7946 0100'}, 'GB')).toBe('+44 2079460100')
    expect(read({number: '011 44 20 7946 0100', countryCode: ' '}, 'US')).toBe('+44 2079460100')
    expect(read({number: '4255550100', countryCode: '1'}, 'GB')).toBe('+1 4255550100')
    expect(read({number: '+1 4255550100'}, 'GB')).toBe('+1 4255550100')
  })

  it('is asked for where nothing tells', () => {
    expect(read({number: '4255550100'})).toBe('country-unknown')
    expect(read({number: '4255550100', countryCode: ''})).toBe('country-unknown')
    expect(read({number: '4255550100'}, 'XX')).toBe('country-unknown')
  })
})

describe('P4: what cannot be a number', () => {
  it.each([
    ['1', '12345', undefined],
    ['1', '555-0100', undefined],
    ['999', '4255550100', undefined],
    ['one', '4255550100', undefined],
    ['0', '4255550100', undefined],
    ['1', '425-555-CALL', undefined],
    ['1', '4255550100 or 4255550101', undefined],
    ['1', '', '22'],
    ['1', '4255550100', 'x'],
    ['1', '4255550100', 'xx22'],
    ['1', '4255550100', 'x22b'],
    ['1', '4255550100', '#22'],
    ['1', '4255550100x22', 'x23'],
    ['1', '4255550100', '22 or 23'],
    ['1', '4255550100', '12345678901'],
    ['1', '4255550100x22', '23'],
    [undefined, '+999 12345678', undefined],
    [undefined, '+', undefined],
    ['49', '110', undefined],
    ['44', '999', undefined],
    ['1', 'x890', undefined],
    ['44', '0044', undefined],
  ])('country code %s, number %s, extension %s', (countryCode, number, extension) => {
    expect(read({countryCode, number, extension})).toBe('phone-invalid')
  })

  it('shows what stands in the record', () => {
    expect(readPhone({countryCode: '1', number: '12345', extension: '6'}, undefined)).toMatchObject({
      detail: expect.stringContaining('"12345" with country code "1" and extension "6"'),
    })
  })
})

it('P4: asks where two prefixes for calls abroad give two numbers', () => {
  expect(readPhone({countryCode: '65', number: '001 49 30 901820'}, undefined)).toEqual({
    kind: 'fault',
    code: 'phone-invalid',
    detail: expect.stringContaining('may be +49 30901820 or +1 4930901820'),
  })
})

it('is none where the record has neither number nor extension', () => {
  expect(read(undefined)).toBe('none')
  expect(read({number: ''})).toBe('none')
  expect(read({number: '  ', countryCode: '1', extension: ' '})).toBe('none')
})
