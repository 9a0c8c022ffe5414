import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {temporaryFolder} from '../helpers/bundle-files.js'
import {collect} from '../helpers/collect.js'

const signal = new AbortController().signal
const folders: {remove(): Promise<void>}[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove()
})

const GOOD = 'Username,Mode\njdoe,phoneApp\n'
/** A header and then so much that the fault is in a later chunk. */
const LONG = `Username,Mode,FirstName\n${'user,phoneApp,Ann\n'.repeat(10_000)}`

async function folder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const made = await temporaryFolder(files)
  folders.push(made)
  return made.path
}

/** The error of a whole read. */
async function faultOf(path: string): Promise<MfaError> {
  const source = await openBundle(path, {scratch: memoryScratch()})
  const error: unknown = await collect(source.identities(signal)).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(MfaError)
  if (!(error instanceof MfaError)) throw new Error('no MfaError')
  expect(error.exit).toBe('data')
  expect(error.fix).not.toBe('')
  return error
}

describe('a bundle that cannot be read as a whole', () => {
  const cases: readonly (readonly [
    name: string,
    files: Record<string, string | Uint8Array>,
    wanted: readonly string[],
  ])[] = [
    ['no users.csv', {'devices.csv': 'Username,DeviceName\n'}, ['users.csv', 'missing']],
    ['empty file', {'users.csv': ''}, ['users.csv, line 1', 'empty']],
    ['only a BOM', {'users.csv': '\uFEFF'}, ['users.csv, line 1', 'no header row']],
    ['only blank lines', {'users.csv': '\r\n\r\n'}, ['users.csv, line 1', 'no header row']],
    [
      'no Username column',
      {'users.csv': 'Name,Mode\nx,phoneApp\n'},
      ['users.csv, line 1', 'no column Username'],
    ],
    ['no Mode column', {'users.csv': 'Username,Phone\nx,1\n'}, ['users.csv, line 1', 'no column Mode']],
    [
      'no header, data at once',
      {'users.csv': 'jdoe,phoneApp\nother,smsText\n'},
      ['no column Username', 'no column Mode'],
    ],
    [
      'a header in another letter case',
      {'users.csv': 'username,Mode\nx,phoneApp\n'},
      ['column 1 is called "username": write exactly Username'],
    ],
    ['a header with a space', {'users.csv': 'Username, Mode\nx,phoneApp\n'}, ['column 2 is called " Mode"']],
    [
      'a header twice',
      {'users.csv': 'Username,Mode,Mode\nx,phoneApp,smsText\n'},
      ['columns 2 and 3 are both called "Mode"'],
    ],
    [
      'an unknown header twice',
      {'users.csv': 'Username,Mode,Pin,Pin\n'},
      ['columns 3 and 4 are both called "Pin"'],
    ],
    ['tabs', {'users.csv': 'Username\tMode\nx\tphoneApp\n'}, ['separated by "," or ";"']],
    ['UTF-16', {'users.csv': Buffer.from(`\uFEFF${GOOD}`, 'utf16le')}, ['users.csv, line 1', 'UTF-16']],
    [
      'Windows-1252 in the third line',
      {'users.csv': Buffer.from(`${GOOD}J\u00FCrgen,phoneApp\n`, 'latin1')},
      ['users.csv, line 3', 'not UTF-8 at byte 30'],
    ],
    [
      'not UTF-8 far into the file',
      {'users.csv': Buffer.concat([Buffer.from(LONG), Buffer.from([0x78, 0xc3, 0x28, 0x0a])])},
      ['users.csv, line 10002', `not UTF-8 at byte ${LONG.length + 2}`],
    ],
    [
      'cut in the middle of a character',
      {'users.csv': Buffer.concat([Buffer.from(GOOD), Buffer.from([0xe2, 0x82])])},
      ['users.csv, line 3', `byte ${GOOD.length + 1}`],
    ],
    [
      'a quote that is never closed',
      {'users.csv': `${LONG}"open,phoneApp,Ann\nnext,phoneApp,Bob\n`},
      ['users.csv, line 10002', 'never closed'],
    ],
    [
      'a quote that swallows the next row',
      {'users.csv': 'Username,Mode,FirstName\na,phoneApp,"Ann\nb,phoneApp,"Bob"\nc,phoneApp,Cy\n'},
      ['users.csv, line 2', 'text follows a closing quote'],
    ],
    [
      'a row longer than any row is',
      {'users.csv': `Username,Mode\nx,${'y'.repeat(1_100_000)}\n`},
      ['users.csv, line 2', 'longer than 1 MB'],
    ],
    [
      'devices.csv without DeviceName',
      {'users.csv': GOOD, 'devices.csv': 'Username,Name\n'},
      ['devices.csv, line 1', 'no column DeviceName'],
    ],
    ['an empty devices.csv', {'users.csv': GOOD, 'devices.csv': ''}, ['devices.csv, line 1', 'empty']],
    [
      'oath-tokens.csv without SerialNumber',
      {'users.csv': GOOD, 'oath-tokens.csv': 'Username,Serial Number\n'},
      ['oath-tokens.csv, line 1', 'no column SerialNumber; column 2 is called "Serial Number"'],
    ],
    [
      'oath-tokens.csv not UTF-8',
      {'users.csv': GOOD, 'oath-tokens.csv': Buffer.from('Username,SerialNumber\nx,\xFF\n', 'latin1')},
      ['oath-tokens.csv, line 2', 'not UTF-8'],
    ],
  ]

  test.each(cases)('%s', async (_name, files, wanted) => {
    const {message} = await faultOf(await folder(files))
    for (const text of wanted) expect(message).toContain(text)
  })

  test('no such folder', async () => {
    const {message} = await faultOf(join(await folder({}), 'nowhere'))
    expect(message).toContain('nowhere: there is no such folder')
  })

  test('the folder is a file', async () => {
    const {message} = await faultOf(join(await folder({'users.csv': GOOD}), 'users.csv'))
    expect(message).toContain('is a file; a bundle is a folder')
  })

  test('users.csv is a folder', async () => {
    const path = await folder({})
    await mkdir(join(path, 'users.csv'))
    expect((await faultOf(path)).message).toContain('users.csv: is a folder')
  })

  test('all faults of all files are told together', async () => {
    const path = await folder({
      'users.csv': Buffer.from('Username,Phone\nJ\u00FCrgen,1\n', 'latin1'),
      'devices.csv': 'Username,DeviceName\nx,"open\n',
      'oath-tokens.csv': 'User,Serial\n',
    })
    const {message} = await faultOf(path)
    expect(message).toContain('5 faults')
    for (const text of [
      'users.csv, line 1: has no column Mode',
      'users.csv, line 2: not UTF-8',
      'devices.csv, line 2: a quote',
      'oath-tokens.csv, line 1: has no column Username',
      'oath-tokens.csv, line 1: has no column SerialNumber',
    ]) {
      expect(message).toContain(text)
    }
  })

  test('describe tells the same of headers', async () => {
    const source = await openBundle(await folder({'users.csv': 'Name\n'}), {scratch: memoryScratch()})
    await expect(source.describe(signal)).rejects.toThrow('has no column Username')
  })

  test('no value of a broken file is shown', async () => {
    const path = await folder({
      'users.csv': GOOD,
      'devices.csv': 'Username,DeviceName,DeviceToken\njdoe,a,"fake-secret"x\njdoe,b,"fake-secret\n',
    })
    const error = await faultOf(path)
    expect(`${error.message} ${error.stack ?? ''} ${JSON.stringify(error.cause ?? '')}`).not.toContain(
      'fake-secret',
    )
  })

  test('a file that shrinks between two reads is noticed', async () => {
    const path = await folder({'users.csv': GOOD})
    const source = await openBundle(path, {scratch: memoryScratch()})
    const keys = (await collect(source.identities(signal))).map(({key}) => key)
    const {writeFile} = await import('node:fs/promises')
    await writeFile(join(path, 'users.csv'), 'Username,Mode\n')
    await expect(collect(source.users(signal, keys))).rejects.toThrow('changed while it was being read')
    await writeFile(join(path, 'users.csv'), 'Username,Mode\nother,phoneApp\n')
    await expect(collect(source.users(signal, keys))).rejects.toThrow('changed while it was being read')
    await expect(collect(source.users(signal))).rejects.toThrow('changed while it was being read')
  })
})
