import {join} from 'node:path'
import {inspect} from 'node:util'
import {afterEach, describe, expect, test} from 'vitest'
import type {ServerOathToken} from '../../src/lib/model/server-user.js'
import type {Source, SourceProblem} from '../../src/lib/ports/source.js'
import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {openSeedFiles, type SeedIndex} from '../../src/lib/source/seed-file/seed-index.js'
import {withSeeds} from '../../src/lib/source/seed-file/with-seeds.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {temporaryFolder} from '../helpers/bundle-files.js'
import {collect} from '../helpers/collect.js'

const signal = new AbortController().signal
const folders: {remove(): Promise<void>}[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove()
})

const ENTRA = 'upn,serial number,secret key,time interval,manufacturer,model'
const VENDOR = 'serial number,secret key,time interval,manufacturer,model'
const ONE = 'GEZDGNBVGY3TQOJQ'
const TWO = 'JBSWY3DPEHPK3PXP'

async function seeds(...files: readonly (string | Uint8Array)[]): Promise<SeedIndex> {
  const names = files.map((content, n) => [`seeds${n}.csv`, content] as const)
  const folder = await temporaryFolder(Object.fromEntries(names))
  folders.push(folder)
  return openSeedFiles(names.map(([name]) => join(folder.path, name)))
}

async function bundle(tokens: string, devices?: string): Promise<Source> {
  const folder = await temporaryFolder({
    'users.csv':
      'Username,Mode,UserPrincipalName\nCONTOSO\\jdoe,oathToken,jdoe@contoso.com\nann,oathToken,\n',
    'oath-tokens.csv': `Username,SerialNumber,SecretKey,TimeInterval,Manufacturer,Model,HashFunction\n${tokens}`,
    ...(devices === undefined ? {} : {'devices.csv': devices}),
  })
  folders.push(folder)
  return openBundle(folder.path, {scratch: memoryScratch()})
}

async function join1(
  tokens: string,
  index: SeedIndex,
): Promise<{
  readonly tokens: readonly ServerOathToken[]
  readonly problems: readonly SourceProblem[]
  readonly early: readonly SourceProblem[]
}> {
  const source = withSeeds(await bundle(tokens), index)
  await collect(source.identities(signal))
  const early = source.problems()
  const users = await collect(source.users(signal))
  const shown = `${JSON.stringify(users)} ${inspect(source, {depth: 9})} ${JSON.stringify(source.problems())}`
  for (const secret of [ONE, TWO]) expect(shown).not.toContain(secret)
  return {tokens: users.flatMap(({oathTokens}) => oathTokens), problems: source.problems(), early}
}

describe('joining', () => {
  test.each([
    ["Entra's header", `${ENTRA}\n,S1,${ONE},60,Contoso,C-1\n`],
    ["the vendors' header", `${VENDOR}\nS1,${ONE},60,Contoso,C-1\n`],
    [
      'any letter case, BOM, semicolons, CRLF',
      `\uFEFFUPN;Serial Number;SECRET KEY; Time interval;Manufacturer;Model\r\n;S1;${ONE};60;Contoso;C-1\r\n`,
    ],
    ['other order', `model,manufacturer,time interval,secret key,serial number\nC-1,Contoso,60,${ONE},S1\n`],
  ])('%s', async (_name, content) => {
    const {tokens, problems} = await join1('ann,S1,,,,,\n', await seeds(content))
    expect(tokens).toMatchObject([
      {serialNumber: 'S1', timeInterval: 60, manufacturer: 'Contoso', model: 'C-1'},
    ])
    expect(tokens[0]?.secret?.reveal()).toBe(ONE)
    expect(problems).toEqual([])
  })

  test('what the record has stays', async () => {
    const {tokens} = await join1(
      `ann,S1,${ONE.toLowerCase()},30,Own,Model,hmacsha256\n`,
      await seeds(`${VENDOR}\nS1,${ONE},60,Contoso,C-1\n`),
    )
    expect(tokens).toMatchObject([
      {timeInterval: 30, manufacturer: 'Own', model: 'Model', hashFunction: 'hmacsha256'},
    ])
    expect(tokens[0]?.secret?.reveal()).toBe(ONE.toLowerCase())
    expect(tokens[0]?.seedConflict).toBeUndefined()
  })

  test('the hash function comes along where the file has one', async () => {
    const {tokens} = await join1(
      'ann,S1,,,,,\n',
      await seeds(`${VENDOR},hash function\nS1,${ONE},60,M,O,HMACSHA256\n`),
    )
    expect(tokens).toMatchObject([{hashFunction: 'hmacsha256'}])
  })

  test('a record with another secret is a conflict', async () => {
    const {tokens} = await join1(`ann,S1,${TWO},,,,\n`, await seeds(`${VENDOR}\nS1,${ONE},30,M,O\n`))
    expect(tokens[0]?.seedConflict).toContain('line 2')
    expect(tokens[0]?.secret?.reveal()).toBe(TWO)
  })

  test('two seeds with different secrets are a conflict, and neither is used', async () => {
    const {tokens, problems} = await join1(
      'ann,S1,,,,,\n',
      await seeds(`${VENDOR}\nS1,${ONE},30,M,O\n`, `${VENDOR}\n\nS1,${TWO},30,M,O\n`),
    )
    expect(tokens[0]?.secret).toBeUndefined()
    expect(tokens[0]?.seedConflict).toMatch(/seeds0\.csv, line 2; .*seeds1\.csv, line 3/)
    expect(problems).toEqual([
      expect.objectContaining({code: 'seed-duplicate', line: 3, field: 'secret key'}),
    ])
  })

  test('two seeds with one secret are one', async () => {
    const {tokens, problems} = await join1(
      'ann,S1,,,,,\n',
      await seeds(`${VENDOR}\nS1,${ONE},30,M,O\nS1,${ONE.toLowerCase()},60,M,O\n`),
    )
    expect(tokens).toMatchObject([{serialNumber: 'S1', timeInterval: 30}])
    expect(tokens[0]?.seedConflict).toBeUndefined()
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'seed-duplicate',
        line: 3,
        message: expect.stringContaining('timeInterval differ'),
      }),
    ])
  })

  test('the name in the file may be another; the serial number counts, and it is told', async () => {
    const {tokens, problems} = await join1(
      'CONTOSO\\jdoe,S1,,,,,\nCONTOSO\\jdoe,S2,,,,,\nann,S3,,,,,\n',
      await seeds(
        `${ENTRA}\nJDOE@contoso.com,S1,${ONE},30,M,O\nother@contoso.com,S2,${ONE},30,M,O\nann@contoso.com,S3,${ONE},30,M,O\n`,
      ),
    )
    expect(tokens.map(({secret}) => secret?.reveal())).toEqual([ONE, ONE, ONE])
    expect(problems).toEqual([
      expect.objectContaining({
        line: 3,
        field: 'upn',
        message: expect.stringContaining('belongs to "CONTOSO\\jdoe"'),
      }),
    ])
  })

  test('a serial number in another letter case is not joined, but told', async () => {
    const {tokens, problems} = await join1('ann,s1,,,,,\n', await seeds(`${VENDOR}\nS1,${ONE},30,M,O\n`))
    expect(tokens[0]?.secret).toBeUndefined()
    expect(problems.map(({code}) => code)).toEqual(['seed-unmatched', 'seed-unmatched'])
    expect(problems[0]?.message).toContain('differs from "s1" of the source only in letter case')
  })
})

describe('serial numbers that nobody has', () => {
  test('are known after identities', async () => {
    const {early, problems} = await join1(
      'ann,S1,,,,,\n',
      await seeds(`${VENDOR}\nS1,${ONE},30,M,O\nS9,${ONE},30,M,O\n`),
    )
    expect(early).toEqual([
      expect.objectContaining({code: 'seed-unmatched', line: 3, message: expect.stringContaining('"S9"')}),
    ])
    expect(problems).toEqual(early)
  })

  test('a token of an unknown user does not count', async () => {
    const {early} = await join1('nobody,S1,,,,,\n', await seeds(`${VENDOR}\nS1,${ONE},30,M,O\n`))
    expect(early.map(({code}) => code)).toEqual(['user-unknown', 'seed-unmatched'])
  })

  test('of a source that cannot give all serial numbers, after everybody was read', async () => {
    const inner = await bundle('ann,S1,,,,,\n')
    const slow: Source = {
      describe: async (s) => inner.describe(s),
      identities: (s) => inner.identities(s),
      users: (s, keys) => inner.users(s, keys),
      problems: () => inner.problems(),
      fingerprint: async (s) => inner.fingerprint(s),
      close: async () => inner.close(),
    }
    const source = withSeeds(slow, await seeds(`${VENDOR}\nS1,${ONE},30,M,O\nS9,${ONE},30,M,O\n`))
    const keys = (await collect(source.identities(signal))).map(({key}) => key)
    await collect(source.users(signal, keys))
    expect(source.problems()).toEqual([])
    await collect(source.users(signal))
    expect(source.problems()).toEqual([expect.objectContaining({code: 'seed-unmatched', line: 3})])
  })

  test('more than a hundred become a count', async () => {
    const rows = Array.from({length: 250}, (_, n) => `X${n},${ONE},30,M,O`).join('\n')
    const {problems} = await join1('ann,S1,,,,,\n', await seeds(`${VENDOR}\n${rows}\n`))
    expect(problems.length).toBe(101)
    expect(problems.at(-1)?.message).toBe('150 more of this kind (250 in all)')
  })
})

describe('wrong rows', () => {
  test.each([
    ['no serial number', `,${ONE},30,M,O`, 'serial number', false],
    ['no secret', 'S1,,30,M,O', 'secret key', false],
    ['not Base32', 'S1,GEZDGNBV1890,30,M,O', 'secret key', false],
    ['padding', `S1,${ONE}====,30,M,O`, 'secret key', false],
    ['too long', `S1,${'A'.repeat(129)},30,M,O`, 'secret key', false],
    ['an interval that is no number', `S1,${ONE},half,M,O`, 'time interval', false],
    ['an interval of 45, left to the planner', `S1,${ONE},45,M,O`, 'time interval', true],
    ['too few values', `S1,${ONE}`, undefined, false],
    ['a column slipped', `${ONE},30,M,O,`, 'secret key', false],
    ['a stray quote', `S1,${ONE},30,"M"x,O`, undefined, false],
  ])('%s', async (_name, row, field, used) => {
    const index = await seeds(`${VENDOR}\nS0,${ONE},30,M,O\n${row}\nS2,${ONE},30,M,O\n`)
    expect(index.problems).toMatchObject([
      {code: 'seed-invalid', line: 3, ...(field === undefined ? {} : {field})},
    ])
    expect([...index.entries()].map(({serialNumber}) => serialNumber)).toEqual(
      used ? ['S0', 'S1', 'S2'] : ['S0', 'S2'],
    )
    expect(JSON.stringify(index.problems)).not.toContain(ONE)
    expect(JSON.stringify(index.problems)).not.toContain('GEZDGNBV1890')
  })

  test('an unknown column is told', async () => {
    const index = await seeds(`${VENDOR},pin\nS1,${ONE},30,M,O,4711\n`)
    expect(index.problems).toMatchObject([{code: 'unknown-column', field: 'pin'}])
    expect(inspect(index.problems)).not.toContain('4711')
  })
})

describe('files that cannot be read as a whole', () => {
  test('all faults of all files together', async () => {
    const error: unknown = await seeds(
      'serial,secret\n',
      '',
      `${VENDOR}\n"open`,
      Buffer.from([0xff, 0x0a]),
    ).catch((caught: unknown) => caught)
    expect(error).toMatchObject({exit: 'data', code: 'SEED_FILE_UNREADABLE'})
    const text = String(error)
    for (const wanted of [
      'seeds0.csv, line 1: has no column serial number',
      'seeds0.csv, line 1: has no column secret key',
      'seeds1.csv, line 1: is empty',
      'seeds2.csv, line 2: a quote',
      'seeds3.csv, line 1: not UTF-8',
    ]) {
      expect(text).toContain(wanted)
    }
  })

  test('no such file', async () => {
    await expect(openSeedFiles([join('nowhere', 'seeds.csv')])).rejects.toThrow('there is no such file')
  })
})

test('the fingerprint covers the seeds', async () => {
  const print = async (content: string): Promise<string> => {
    const source = withSeeds(await bundle('ann,S1,,,,,\n'), await seeds(content))
    await collect(source.identities(signal))
    return source.fingerprint(signal)
  }
  const first = await print(`${VENDOR}\nS1,${ONE},30,M,O\n`)
  expect(await print(`${VENDOR}\nS1,${ONE},30,M,O\n`)).toBe(first)
  expect(await print(`${VENDOR}\nS1,${TWO},30,M,O\n`)).not.toBe(first)
})

test('describe names the seed files', async () => {
  const source = withSeeds(await bundle(''), await seeds(`${VENDOR}\nS1,${ONE},30,M,O\n`))
  const {facts} = await source.describe(signal)
  expect(facts.at(-1)).toMatchObject({name: 'seed file', value: expect.stringContaining('1 token')})
})
