import {inspect} from 'node:util'
import {afterEach, describe, expect, test} from 'vitest'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import type {SourceProblem} from '../../src/lib/ports/source.js'
import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {temporaryFolder} from '../helpers/bundle-files.js'
import {collect} from '../helpers/collect.js'

const signal = new AbortController().signal
const folders: {remove(): Promise<void>}[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove()
})

/** An absent field is as good as an undefined one. */
const NOTHING = {phone: undefined, mode: undefined, lastModified: undefined}

interface Read {
  readonly keys: readonly string[]
  readonly users: readonly ServerUser[]
  readonly problems: readonly SourceProblem[]
}

/** Reads everything, both ways, and gives it once. */
async function read(files: Readonly<Record<string, string>>): Promise<Read> {
  const folder = await temporaryFolder(files)
  folders.push(folder)
  const source = await openBundle(folder.path, {scratch: memoryScratch()})
  const keys = (await collect(source.identities(signal))).map(({key}) => key)
  const users = await collect(source.users(signal))
  expect(await collect(source.users(signal, keys))).toEqual(users)
  expect(users.map(({key}) => key)).toEqual(keys)
  return {keys, users, problems: source.problems()}
}

const GOOD = 'jdoe,phoneApp'

describe('a wrong row of users.csv', () => {
  const header = 'Username,Mode,Phone,Extension,Enabled,LastModified,UserPrincipalName,Sid'
  const row = async (text: string): Promise<Read> =>
    read({'users.csv': `${header}\nfirst,phoneApp,,,,,,\n${text}\nlast,smsText,,,,,,\n`})

  const cases: readonly (readonly [name: string, text: string, fault: object, rest: object])[] = [
    [
      'Mode is no mode',
      'x,PhoneApp,,,,,,',
      {
        severity: 'mode',
        field: 'Mode',
        message: 'Mode is "PhoneApp"; allowed are voiceCall, smsText, phoneApp, oathToken',
      },
      {mode: undefined},
    ],
    ['Mode with a space', 'x,phoneApp ,,,,,,', {severity: 'mode', field: 'Mode'}, {mode: undefined}],
    [
      'Mode is empty',
      'x,,,,,,,',
      {severity: 'mode', field: 'Mode', message: expect.stringContaining('is empty')},
      {mode: undefined},
    ],
    [
      'Enabled is no truth value',
      'x,phoneApp,,,yes,,,',
      {severity: 'row', field: 'Enabled'},
      {enabled: false},
    ],
    [
      'LastModified is no date',
      'x,phoneApp,,,,06/05/2023,,',
      {severity: 'field', field: 'LastModified'},
      {lastModified: undefined},
    ],
    [
      'LastModified is no day of the calendar',
      'x,phoneApp,,,,2023-02-30,,',
      {severity: 'field', field: 'LastModified'},
      {lastModified: undefined},
    ],
    [
      'an extension of nothing',
      'x,phoneApp,,22,,,,',
      {severity: 'field', field: 'Extension'},
      {phone: undefined},
    ],
    [
      'too few values',
      'x,phoneApp',
      {severity: 'row', message: 'the row has 2 values, the header has 8'},
      {mode: undefined, enabled: false},
    ],
    [
      'too many values',
      'x,phoneApp,425,555,0100,,true,,x@contoso.com,S-1-5-21-1',
      {severity: 'row', message: expect.stringContaining('10 values')},
      {phone: undefined, userPrincipalName: undefined, sid: undefined},
    ],
    [
      'a quote inside a value',
      'x,phoneApp,5"5,,,,x@contoso.com,',
      {severity: 'row', message: expect.stringContaining('quote')},
      {phone: undefined, userPrincipalName: 'x@contoso.com'},
    ],
    [
      'text after a closing quote',
      'x,phoneApp,"425"5,,,,,',
      {severity: 'row', message: expect.stringContaining('quote')},
      {phone: undefined},
    ],
  ]

  test.each(cases)('%s', async (_name, text, fault, rest) => {
    const {keys, users, problems} = await row(text)
    expect(keys).toEqual(['first', 'x', 'last'])
    expect(users[1]?.faults).toEqual([expect.objectContaining({file: 'users.csv', line: 3, ...fault})])
    expect({...NOTHING, ...users[1]}).toMatchObject(rest)
    expect(users[0]?.faults).toEqual([])
    expect(users[2]).toMatchObject({mode: 'smsText', faults: []})
    expect(problems).toEqual([])
  })

  test('no Username: nobody, but told', async () => {
    const {keys, problems} = await row(',phoneApp,,,,,,')
    expect(keys).toEqual(['first', 'last'])
    expect(problems).toEqual([
      expect.objectContaining({code: 'row-without-user', file: 'users.csv', line: 3}),
    ])
  })

  test('several faults of one row are told together', async () => {
    const {users} = await row('x,none,,22,maybe,yesterday,,')
    expect(users[1]?.faults.map(({field}) => field)).toEqual(['Extension', 'Mode', 'Enabled', 'LastModified'])
  })

  test('a Username twice: both are users, neither is trusted', async () => {
    const {keys, users} = await row('first,smsText,,,,,,')
    expect(keys).toEqual(['first', 'first (line 3)', 'last'])
    expect(users.map(({username}) => username)).toEqual(['first', 'first', 'last'])
    expect(users[0]?.faults).toEqual([
      expect.objectContaining({severity: 'row', line: 2, message: expect.stringContaining('line 3')}),
    ])
    expect(users[1]?.faults).toEqual([
      expect.objectContaining({severity: 'row', line: 3, message: expect.stringContaining('line 2')}),
    ])
  })

  test('keys stay unique when somebody is called like such a key', async () => {
    const {keys} = await read({
      'users.csv':
        'Username,Mode\na,phoneApp\na,phoneApp\na (line 3),phoneApp\na,phoneApp\na (line 3),phoneApp\n',
    })
    expect(keys).toEqual(['a', 'a (line 3)', 'a (line 3) (line 4)', 'a (line 5)', 'a (line 3) (line 6)'])
  })

  test('lines are counted past quoted line breaks and blank lines', async () => {
    const {users} = await read({
      'users.csv': '\uFEFF\r\nUsername;Mode;x\r\n\r\n"a\r\nb\nc";none;1\r\n\r\nd;none;1\r\n',
    })
    expect(users.map(({username}) => username)).toEqual(['a\r\nb\nc', 'd'])
    expect(users.map(({faults}) => faults[0]?.line)).toEqual([4, 8])
  })
})

describe('columns', () => {
  test('unknown ones are told once each and never shown', async () => {
    const {users, problems} = await read({
      'users.csv':
        'Username,Mode,Pin,phone,StaticToken,\njdoe,phoneApp,8421,425,fake-static,\nb,phoneApp,9876,425,fake-static,\n',
    })
    expect(problems.map(({code, field, line}) => [code, field, line])).toEqual([
      ['unknown-column', 'Pin', 1],
      ['unknown-column', 'phone', 1],
      ['unknown-column', 'StaticToken', 1],
      ['unknown-column', '', 1],
    ])
    expect(problems[1]?.message).toContain('if Phone is meant')
    const shown = `${inspect(users, {depth: 9})} ${JSON.stringify(problems)}`
    for (const hidden of ['8421', '9876', 'fake-static', '425']) expect(shown).not.toContain(hidden)
  })

  test('any order, and a header in quotes', async () => {
    const {users} = await read({'users.csv': '"Mode";"Username"\nsmsText;" jdoe, "\n'})
    expect(users).toMatchObject([{username: ' jdoe, ', mode: 'smsText', enabled: true, faults: []}])
  })

  test.each(['true', 'TRUE', 'True', ''])('Enabled %j means enabled', async (text) => {
    const {users} = await read({'users.csv': `Username,Mode,Enabled\njdoe,phoneApp,${text}\n`})
    expect(users).toMatchObject([{enabled: true, faults: []}])
  })
})

describe('devices.csv and oath-tokens.csv', () => {
  const users = `Username,Mode\n${GOOD}\nOther ,phoneApp\n`
  const secret = 'GEZDGNBVGY3TQOJQ'

  const devices: readonly (readonly [
    name: string,
    row: string,
    fault: object,
    devices: readonly object[],
  ])[] = [
    ['no DeviceName', `jdoe,,tok,${secret},6,`, {field: 'DeviceName', severity: 'field'}, []],
    [
      'RegisteredAt is no date',
      `jdoe,iPhone,tok,${secret},6,soon`,
      {field: 'RegisteredAt', severity: 'field'},
      [{name: 'iPhone', registeredAt: undefined, appVersion: '6'}],
    ],
    [
      'too many values',
      `jdoe,iPhone,tok,${secret},6,,,`,
      {severity: 'field', message: expect.stringContaining('left out')},
      [],
    ],
    [
      'a stray quote',
      `jdoe,iPh"one,tok,${secret},6,`,
      {severity: 'field', message: expect.stringContaining('quote')},
      [],
    ],
  ]
  test.each(devices)('device: %s', async (_name, row, fault, wanted) => {
    const read1 = await read({
      'users.csv': users,
      'devices.csv': `Username,DeviceName,DeviceToken,OathTokenSecretKey,PhoneAppVersion,RegisteredAt\n${row}\nOther ,Pixel,,,,\n`,
    })
    expect(read1.users[0]?.devices).toMatchObject(wanted)
    expect(read1.users[0]?.faults).toEqual([
      expect.objectContaining({file: 'devices.csv', line: 2, ...fault}),
    ])
    expect(read1.users[1]).toMatchObject({devices: [{name: 'Pixel'}], faults: []})
    expect(JSON.stringify(read1)).not.toContain(secret)
  })

  const tokens: readonly (readonly [
    name: string,
    row: string,
    fault: object | undefined,
    tokens: readonly object[],
  ])[] = [
    ['no SerialNumber', `jdoe,,${secret},30,M,O,hmacsha1`, {field: 'SerialNumber'}, []],
    [
      'TimeInterval 45 is kept for the planner',
      `jdoe,S1,${secret},45,M,O,hmacsha1`,
      {field: 'TimeInterval'},
      [{timeInterval: 45}],
    ],
    [
      'TimeInterval is no number',
      `jdoe,S1,${secret},half,M,O,hmacsha1`,
      {field: 'TimeInterval'},
      [{serialNumber: 'S1', timeInterval: undefined}],
    ],
    [
      'HashFunction is unknown',
      `jdoe,S1,${secret},30,M,O,md5`,
      {field: 'HashFunction'},
      [{hashFunction: undefined}],
    ],
    ['too few values', `jdoe,S1,${secret}`, {message: expect.stringContaining('3 values')}, []],
    [
      'a secret that is not Base32 is left to the planner',
      'jdoe,S1,not base32!,30,M,O,',
      undefined,
      [{serialNumber: 'S1'}],
    ],
  ]
  test.each(tokens)('token: %s', async (_name, row, fault, wanted) => {
    const found = await read({
      'users.csv': users,
      'oath-tokens.csv': `Username,SerialNumber,SecretKey,TimeInterval,Manufacturer,Model,HashFunction\n${row}\nOther ,S2,,,,,\n`,
    })
    expect(found.users[0]?.oathTokens).toMatchObject(wanted)
    const place = {file: 'oath-tokens.csv', line: 2, severity: 'field'}
    expect(found.users[0]?.faults).toMatchObject(fault ? [{...place, ...fault}] : [])
    expect(found.users[1]).toMatchObject({oathTokens: [{serialNumber: 'S2'}], faults: []})
    expect(JSON.stringify(found)).not.toContain(secret)
  })

  test('rows of nobody are told, with the name that was probably meant', async () => {
    const {users: found, problems} = await read({
      'users.csv': users,
      'devices.csv': 'Username,DeviceName\nJDOE,a\nOther,b\nnobody,c\n,d\nJDOE,e\n',
    })
    expect(found.flatMap((user) => user.devices)).toEqual([])
    expect(problems.map(({code, line}) => [code, line])).toEqual([
      ['row-without-user', 5],
      ['user-unknown', 2],
      ['user-unknown', 6],
      ['user-unknown', 3],
      ['user-unknown', 4],
    ])
    expect(problems[1]?.message).toContain('"jdoe" differs only in letter case')
    expect(problems[3]?.message).toContain('"Other " differs only')
    expect(problems[4]?.message).not.toContain('differs')
  })

  test('very many problems of one kind become a count', async () => {
    const rows = Array.from({length: 3000}, (_, n) => `nobody${n},x`).join('\n')
    const {problems} = await read({'users.csv': users, 'devices.csv': `Username,DeviceName\n${rows}\n`})
    expect(problems.length).toBe(1001)
    expect(problems.at(-1)).toMatchObject({
      code: 'user-unknown',
      message: '2000 more of this kind (3000 in all)',
    })
  })

  test('devices keep the order of the file, however scattered', async () => {
    const {users: found} = await read({
      'users.csv': users,
      'devices.csv': 'Username,DeviceName\njdoe,3\nOther ,x\njdoe,1\nOther ,y\njdoe,2',
    })
    expect(found.map(({devices: own}) => own.map(({name}) => name))).toEqual([
      ['3', '1', '2'],
      ['x', 'y'],
    ])
  })
})
