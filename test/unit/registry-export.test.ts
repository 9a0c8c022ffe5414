import fc from 'fast-check'
import {expect, test} from 'vitest'

import {
  decodeRegistryExport,
  parseRegistryExport,
  PHONEFACTOR_KEYS,
  registryValue,
} from '../../src/lib/model/registry-export.js'

const [KEY] = PHONEFACTOR_KEYS
const HEAD = 'Windows Registry Editor Version 5.00\r\n\r\n'
const below = (...lines: string[]): string => `${HEAD}[${KEY}]\r\n${lines.join('\r\n')}\r\n`

const SAMPLE = below(
  '; invented',
  '@="the default"',
  '"StsUrl"="https://login.microsoftonline.us"',
  '"Path"="C:\\\\Program Files\\\\Multi-Factor Authentication Server\\\\"',
  '"Quoted"="say \\"yes\\""',
  '"Pfsvc_ncan_ip_tcp_port"=dword:0000115b',
  '"Image"=hex(2):25,00,41,00,25,00,\\',
  '  5c,00,62,00,00,00',
  '"Several"=hex(7):61,00,00,00,62,00,00,00,00,00',
  '"Long"=hex(b):01,00,00,00,00,00,00,80',
  '"Raw"=hex:00,ff,7f',
  '"Nothing"=hex:',
)

test('reads every kind of value', () => {
  const found = parseRegistryExport(SAMPLE)
  expect([...found.keys()]).toEqual([KEY])
  expect(Object.fromEntries(found.get(KEY) ?? [])).toEqual({
    '': 'the default',
    StsUrl: 'https://login.microsoftonline.us',
    Path: 'C:\\Program Files\\Multi-Factor Authentication Server\\',
    Quoted: 'say "yes"',
    Pfsvc_ncan_ip_tcp_port: 4443,
    Image: '%A%\\b',
    Several: ['a', 'b'],
    Long: 0x8000000000000001n,
    Raw: Uint8Array.of(0, 255, 127),
    Nothing: new Uint8Array(),
  })
})

test('keys and names are the same in either case, and HKLM is HKEY_LOCAL_MACHINE', () => {
  const found = parseRegistryExport(
    `${HEAD}[${KEY}]\n"A"="1"\n[${KEY.toUpperCase()}]\n"a"="2"\n"B"="3"\n[HKEY_LOCAL_MACHINE\\Other]\n"A"="4"`,
  )
  expect(found.size).toBe(2)
  expect(found.get(KEY)).toEqual(
    new Map([
      ['A', '2'],
      ['B', '3'],
    ]),
  )
  expect(registryValue(found, 'hklm\\software\\WOW6432NODE\\positive networks\\PHONEFACTOR', 'b')).toBe('3')
  expect(registryValue(found, KEY, 'C')).toBeUndefined()
  expect(registryValue(found, `${KEY}2`, 'A')).toBeUndefined()
})

test('what is deleted is gone, with what is below it, and nothing else', () => {
  const found = parseRegistryExport(
    `${HEAD}[HKLM\\A]\n"x"="1"\n"y"="2"\n"x"=-\n[HKLM\\A\\B]\n"x"="1"\n[HKLM\\AB]\n"x"="1"\n[-HKLM\\A\\B]\n`,
  )
  expect([...found]).toEqual([
    ['HKLM\\A', new Map([['y', '2']])],
    ['HKLM\\AB', new Map([['x', '1']])],
  ])
})

test.each<readonly [string, Uint8Array]>([
  ['UTF-16LE with a mark', Buffer.from(`\ufeff${SAMPLE}`, 'utf16le')],
  ['UTF-16LE without', Buffer.from(SAMPLE, 'utf16le')],
  ['UTF-8', Buffer.from(SAMPLE)],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${SAMPLE}`)],
])('%s', (_, bytes) => {
  expect(parseRegistryExport(decodeRegistryExport(bytes))).toEqual(parseRegistryExport(SAMPLE))
})

test('REGEDIT4 is in the code page of Windows', () => {
  const text = decodeRegistryExport(
    Buffer.from(`REGEDIT4\n[HKLM\\A]\n"Ort"="K\xf6ln"\n"Pfad"=hex(2):4b,f6,00`, 'latin1'),
  )
  expect(parseRegistryExport(text).get('HKLM\\A')).toEqual(
    new Map([
      ['Ort', 'Köln'],
      ['Pfad', 'Kö'],
    ]),
  )
})

test('names every fault with its line', () => {
  const text = `\r\n${below('"x"=dword:12345zz', 'nonsense', '"y"="open', '"z"=hex(4):01,02', '"ok"="1"')}[HKLM\\A\r\n"a"="1"`
  expect(() => parseRegistryExport(text, 'mfa1.reg')).toThrow(
    [
      'mfa1.reg:',
      '  line 5: the value of "x" cannot be read',
      '  line 6: not a key in brackets, nor a name in quotes, = and a value',
      '  line 7: the value of "y" cannot be read',
      '  line 8: the value of "z" cannot be read',
      '  line 10: a key without its closing bracket',
      '  line 11: a value before the first key',
    ].join('\n'),
  )
})

test('a fault after bytes over several lines has the line where they began', () => {
  expect(() => parseRegistryExport(below('"x"=hex:00,\\', '  01,\\', '  zz', '"y"=oops'), 'f')).toThrow(
    'f:\n  line 4: the value of "x" cannot be read\n  line 7: the value of "y" cannot be read',
  )
})

test.each(['', 'users.csv\nA,B', '{"a":1}'])('%j is no registry export', (text) => {
  expect(() => parseRegistryExport(text, 'f.reg')).toThrow('f.reg, line 1: not a registry export')
})

test('any text comes back as it was written', () => {
  const escape = (text: string): string => text.replaceAll(/["\\]/g, '\\$&')
  const plain = fc.string({unit: 'grapheme'}).filter((text) => !/[\r\n]/.test(text))
  fc.assert(
    fc.property(plain, plain, (name, value) => {
      const found = parseRegistryExport(below(`"${escape(name)}"="${escape(value)}"`))
      expect(found.get(KEY)).toEqual(new Map([[name, value]]))
    }),
  )
})
