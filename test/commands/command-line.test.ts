import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {displayWidth} from '../../src/lib/terminal/display-width.js'
import {CONTOSO, newPlace, PACKAGE, type Place} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const BIRDS = ['--group', 'MFA early birds', '--source', CONTOSO, '--seed-file', `${CONTOSO}/seeds.csv`]

let place: Place
let tenant: Tenant
beforeAll(async () => {
  tenant = await startTenant()
  place = await newPlace(tenant.env)
})
afterAll(async () => {
  await tenant.stop()
  await place.remove()
})

test('every command has examples, --help, --json and a summary', async () => {
  const {commands} = JSON.parse(await readFile(join(PACKAGE, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<
      string,
      {summary?: string; examples?: unknown[]; enableJsonFlag?: boolean; flags: object}
    >
  }
  const names = Object.keys(commands).toSorted()
  expect(names).toContain('migrate')
  const poor = Object.entries(commands).filter(
    ([, {summary = '', examples = [], enableJsonFlag, flags}]) =>
      summary === '' || examples.length === 0 || enableJsonFlag !== true || !('verbose' in flags),
  )
  expect(poor.map(([name]) => name)).toEqual([])
  const helps = await Promise.all(names.map((name) => place.mfa([...name.split(':'), '--help'])))
  expect(helps.filter(({code, stdout}) => code !== 0 || !stdout.includes('EXAMPLES'))).toEqual([])
  expect(helps.filter(({stdout}) => /<%|undefined/.test(stdout))).toEqual([])
  // A long example goes on in the next line; two commands must not look like one.
  const examples = helps.flatMap(({stdout}) => stdout.replaceAll(/\\\n\s+/g, '').match(/^ +\$ .*$/gm) ?? [])
  expect(examples.length).toBeGreaterThanOrEqual(names.length)
  expect(examples.filter((example) => / mfa .* mfa /.test(example))).toEqual([])
})

test('-h is --help, and --version says what runs', async () => {
  expect((await place.mfa(['migrate', '-h'])).stdout).toBe((await place.mfa(['migrate', '--help'])).stdout)
  expect((await place.mfa(['-h'])).stdout).toContain('COMMANDS')
  expect((await place.mfa([])).stdout).toContain('COMMANDS')
  expect((await place.mfa(['users'])).stdout).toContain('users list')
  expect((await place.mfa(['--version'])).stdout).toMatch(/^mfa\/\d+\.\d+\.\d+ \S+ node-v\d+/)
})

test.each([60, 80, 120])('no line of a table or a text is wider than %i columns', async (width) => {
  const env = {COLUMNS: String(width)}
  const results = await Promise.all([
    place.mfa(['migrate', ...BIRDS, '--dry-run'], {env}),
    place.mfa(['verify', '--group', 'MFA pilot', ...BIRDS.slice(2)], {env}),
    place.mfa(['users', 'list', ...BIRDS], {env}),
    place.mfa(['users', 'show', 'finn.sunup@contoso.com', ...BIRDS.slice(2)], {env}),
    place.mfa(['source', 'check', ...BIRDS.slice(2)], {env}),
  ])
  const lines = results.flatMap(({stdout}) => stdout.split('\n'))
  // What scripts look for and what people copy stays in one line; so do paths.
  const fixed = /^Next: |users of "|^Log |\/examples\/contoso: /
  expect(lines.length).toBeGreaterThan(100)
  expect(lines.filter((line) => displayWidth(line) > width && !fixed.test(line))).toEqual([])
})

test('no colour and no cursor control where stdout is no terminal; NO_COLOR beats FORCE_COLOR', async () => {
  // oxlint-disable-next-line no-control-regex
  const escape = /\u001b/
  const plain = await place.mfa(['migrate', ...BIRDS, '--dry-run'])
  expect(`${plain.stdout}${plain.stderr}`).not.toMatch(escape)
  const forced = await place.mfa(['users', 'list', ...BIRDS], {env: {FORCE_COLOR: '1'}})
  expect(forced.stdout).toMatch(escape)
  const never = await place.mfa(['users', 'list', ...BIRDS], {env: {FORCE_COLOR: '1', NO_COLOR: '1'}})
  expect(never.stdout).not.toMatch(escape)
})

test('--verbose tells on stderr what is asked, and stdout is still one JSON object', async () => {
  const {stderr, json} = await place.mfa([
    'users',
    'list',
    '--group',
    'MFA early birds',
    '--verbose',
    '--json',
  ])
  expect(json()).toMatchObject({schemaVersion: 1})
  expect(stderr).toMatch(/GET .*\/groups/)
})

test('flags beat the environment, the environment beats the config file', async () => {
  await place.file('mfa.config.json', JSON.stringify({source: 'from-file', defaultCountry: 'GB'}))
  const file = await place.mfa(['source', 'check', '--json'])
  expect(file.json()).toMatchObject({error: {message: expect.stringContaining('from-file')}})
  const env = {MFA_SOURCE: 'from-environment'}
  const environment = await place.mfa(['source', 'check', '--json'], {env})
  expect(environment.json()).toMatchObject({error: {message: expect.stringContaining('from-environment')}})
  const flag = await place.mfa(['source', 'check', '--json', '--source', CONTOSO], {env})
  expect(flag.code).toBe(0)
  await place.file('mfa.config.json', '{}')
})

test('a reader that goes away early is no failure', async () => {
  const running = place.start(['sandbox', 'show', '--json'])
  running.process.stdout.destroy()
  const {stderr} = await running.ended
  expect(stderr).toBe('')
})

test.each([
  [['foo'], 'foo', undefined],
  [['migrat', '--group', 'G'], 'migrat', 'migrate'],
  [['hlep'], 'hlep', 'help'],
  [['users', 'lst'], 'users lst', 'users list'],
  [['user', 'shw', 'ann@contoso.com'], 'user shw ann@contoso.com', 'users show'],
  [['migrate', 'now'], 'migrate now', 'migrate'],
  [['zzz'], 'zzz', undefined],
  [['help', 'migrat'], 'migrat', 'migrate'],
  [['migrat', '--help'], 'migrat', 'migrate'],
  [['--frobnicate'], '--frobnicate', undefined],
])('%j is no command: said first, with the nearest one if any is near', async (args, said, near) => {
  const hint = near === undefined ? '' : `  Did you mean "mfa ${near}"?\n`
  const {code, stdout, stderr} = await place.mfa(args)
  expect({code, stdout, stderr}).toEqual({
    code: 64,
    stdout: '',
    stderr: `error: "${said}" is no mfa command\n${hint}  mfa help lists the commands, mfa help TOPIC those of a topic.\n`,
  })
})

test('that a command is none is JSON with --json', async () => {
  const {code, stderr, json} = await place.mfa(['users', 'lst', '--json'])
  expect({code, stderr}).toEqual({code: 64, stderr: ''})
  expect(json()).toMatchObject({
    schemaVersion: 1,
    error: {
      code: 'NO_SUCH_COMMAND',
      message: '"users lst" is no mfa command',
      fix: expect.stringContaining('Did you mean "mfa users list"?'),
    },
  })
})
