import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'

import {startSandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {newPlace, type MfaOptions, type MfaResult, type Place} from '../helpers/mfa.js'

const id = (kind: string, number: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`
const NAMES = ['ann', 'bob', 'cyd', 'dot', 'eve']
/** Milliseconds for many commands one after the other. */
const LONG = 180_000
const PILOT = id('2', 1)
const ROLLOUT = id('2', 2)
/** Invented. */
const TENANT: TenantFile = {
  tenantId: id('a', 1),
  displayName: 'Contoso (invented)',
  domains: ['contoso.com'],
  users: NAMES.map((name, n) => ({
    id: id('1', n + 1),
    userPrincipalName: `${name}@contoso.com`,
    displayName: name,
    onPremisesSyncEnabled: true,
  })),
  groups: [
    {id: PILOT, displayName: 'MFA pilot', members: NAMES.map((name) => `${name}@contoso.com`)},
    {id: ROLLOUT, displayName: 'Rollout 1', members: ['ann@contoso.com', 'bob@contoso.com']},
    {id: id('2', 3), displayName: 'Outer', members: [ROLLOUT]},
  ],
}
const USERS = `Username,Mode,CountryCode,Phone\n${NAMES.map((name, n) => `${name}@contoso.com,voiceCall,1,425555010${n}`).join('\n')}\n`

type Blocker = {readonly code: string; readonly user: string | null; readonly detail: string}
const blockersOf = (result: MfaResult): readonly string[] =>
  (result.json()['blockers'] as readonly Blocker[]).map(({code, user}) => `${user ?? '-'} ${code}`)

describe('mfa rollout', () => {
  let place: Place
  const mfa = (args: readonly string[], options?: MfaOptions) => place.mfa(args, options)
  const rollout = (...args: string[]) => mfa(['rollout', ...args, '--tenant', 'sandbox', '--json'])
  beforeEach(async () => {
    place = await newPlace()
    await place.file('tenant.json', JSON.stringify(TENANT))
    await place.file('export/users.csv', USERS)
    expect((await mfa(['sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes'])).code).toBe(0)
  })
  afterEach(() => place.remove())
  const migrate = async () => {
    const done = await mfa([
      'migrate',
      '--tenant',
      'sandbox',
      '--group',
      'MFA pilot',
      '--source',
      'export',
      '--yes',
    ])
    expect([done.code, done.stderr]).toEqual([0, expect.anything()])
  }

  it('refuses with every objection, and writes nothing', {timeout: LONG}, async () => {
    const refused = await rollout('add-group', 'Rollout 1', '--yes', '--csv', 'stuck.csv')
    expect(refused.code).toBe(8)
    expect(blockersOf(refused)).toEqual(
      ['ann', 'bob'].flatMap((name) => [
        `${name}@contoso.com not-migrated`,
        `${name}@contoso.com no-usable-method`,
      ]),
    )
    const {error} = refused.json() as {error: {code: string; fix: string}}
    expect(error.code).toBe('LOCK_OUT')
    expect(error.fix).toContain('--accept not-migrated')
    expect((await place.read('stuck.csv')).split('\r\n')).toHaveLength(6)
    expect((await rollout('show')).json()['policies']).toEqual([])
    const nested = await rollout('check', '--group', 'Outer')
    expect([nested.code, blockersOf(nested)]).toEqual([8, ['- nested-group']])
  })

  it('goes the whole way: check, add, add again, switch, remove, delete', {timeout: LONG}, async () => {
    await migrate()
    const check = await rollout('check', 'Rollout 1', '--source', 'export')
    expect([check.code, check.json()['ok'], check.json()['readsServer']]).toEqual([0, true, true])
    const added = await rollout('add-group', '--group', 'Rollout 1', '--yes')
    expect([added.code, added.json()['writes']]).toEqual([0, 2])
    expect(added.json()['effect']).toMatchObject({
      expectedBy: expect.stringMatching(/^20..-..-..T/),
      atOnce: 2,
    })
    const again = await rollout('add-group', ROLLOUT)
    expect([again.code, again.json()['writes']]).toEqual([0, 0])
    const shown = (await rollout('show')).json()
    expect(shown['policies']).toMatchObject([
      {
        feature: 'multiFactorAuthentication',
        isEnabled: true,
        isAppliedToOrganization: false,
        groups: [{id: ROLLOUT, displayName: 'Rollout 1'}],
      },
    ])
    for (const [command, writes] of [
      [['disable'], 1],
      [['enable'], 1],
      [['remove-group', 'Rollout 1'], 1],
      [['delete'], 1],
    ] as const) {
      const narrows = command[0] !== 'enable'
      const first = await rollout(...command, '--yes')
      expect([command[0], first.code]).toEqual([command[0], narrows ? 8 : 0])
      const done = await rollout(...command, '--yes', '--accept', 'onprem-mfa')
      expect([command[0], done.code, done.json()['writes']]).toEqual([command[0], 0, narrows ? writes : 0])
    }
    const runs = (await mfa(['runs', 'list', '--json'])).json()['runs'] as readonly {
      kind: string
      status: string
    }[]
    expect(runs.filter(({kind}) => kind === 'rollout').map(({status}) => status)).toEqual(
      Array.from({length: 5}, () => 'finished'),
    )
  })

  it('does not add the group of the migration, and makes waves out of it', {timeout: LONG}, async () => {
    await migrate()
    expect(blockersOf(await rollout('add-group', 'MFA pilot', '--yes'))).toEqual(['- migration-group'])
    const first = await rollout('add-group', 'MFA pilot', '--wave', '2', '--every', '1d', '--yes')
    expect(first.json()).toMatchObject({
      status: 'filled',
      wave: {number: 1, of: 2, put: 2},
      members: 5,
      placed: 2,
      writes: 4,
    })
    const steps = (await mfa(['status', '--tenant', 'sandbox', '--json'])).json()['steps'] as readonly {
      id: string
    }[]
    expect(steps.find(({id}) => id === 'rollout')).toMatchObject({
      state: 'partly',
      evidence: [
        {what: expect.stringContaining('policy on, 1 group')},
        {what: 'waves out of "MFA pilot": 1 so far with 2 users, 3 users left'},
      ],
      next: 'mfa rollout advance --tenant sandbox',
    })
    const waiting = await rollout('advance', '--yes')
    expect([waiting.code, waiting.json()['waves']]).toMatchObject([0, [{status: 'not-due', writes: 0}]])
    // The tenant's clock decides.
    expect((await mfa(['sandbox', 'advance', '1d'])).code).toBe(0)
    expect((await rollout('advance', '--yes', '--source', 'export')).json()['waves']).toMatchObject([
      {status: 'filled', placed: 4},
    ])
    const late = (await mfa(['sandbox', 'sign-in', 'dot@contoso.com', '--json'])).json()
    expect(late).toMatchObject({stagedRollout: true, mfaBy: 'entra'})
    const server = USERS.replace('4255550101', '4255550199')
    await place.file('export/users.csv', server)
    const refused = await rollout('advance', '--early', '--yes', '--source', 'export')
    expect([refused.code, blockersOf(refused)]).toEqual([8, ['bob@contoso.com changed-on-server']])
    expect((await rollout('remove-group', 'MFA pilot', '--user', 'bob@contoso.com', '--yes')).code).toBe(8)
    const back = await rollout(
      'remove-group',
      'MFA pilot',
      '--user',
      'bob@contoso.com',
      '--yes',
      '--accept',
      'onprem-mfa',
    )
    expect([back.code, back.json()['writes']]).toEqual([0, 1])
    expect(
      (await rollout('advance', '--early', '--yes', '--source', 'export')).json()['waves'],
    ).toMatchObject([{status: 'filled', placed: 4}])
    expect((await rollout('show')).json()['waves']).toMatchObject([{size: '2', waves: 3, isEnded: false}])
  })
})

describe('mfa rollout, given what it cannot use', () => {
  let place: Place
  beforeAll(async () => {
    place = await newPlace()
    await place.file('tenant.json', JSON.stringify(TENANT))
    expect((await place.mfa(['sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes'])).code).toBe(0)
  })
  afterAll(() => place.remove())

  it.each([
    [['rollout', 'add-group', '--tenant', 'sandbox'], 64, 'the group is missing'],
    [['rollout', 'add-group', 'A', '--group', 'B', '--tenant', 'sandbox'], 64, 'names group "A"'],
    [['rollout', 'check', 'Nowhere', '--tenant', 'sandbox'], 64, 'there is no group "Nowhere"'],
    [
      ['rollout', 'check', 'Rollout 1', '--accept', 'all', '--tenant', 'sandbox'],
      64,
      'there is no code "all"',
    ],
    [['rollout', 'add-group', 'Rollout 1', '--wave', 'ten', '--tenant', 'sandbox'], 64, '--wave'],
    [
      ['rollout', 'add-group', 'Rollout 1', '--wave', '5', '--every', 'often', '--tenant', 'sandbox'],
      64,
      '--every',
    ],
    [['rollout', 'advance', '--tenant', 'sandbox'], 64, 'no waves are set up'],
    [['rollout', 'enable', '--tenant', 'sandbox'], 64, 'no staged rollout policy'],
    [['rollout', 'create', '--tenant', 'sandbox'], 64, '--yes'],
    [['rollout', 'list', '--cloud', 'china', '--tenant', 'contoso.com'], 8, 'China'],
  ])('%j ends with %i', async (args, code, text) => {
    const {code: ended, stderr} = await place.mfa(args)
    expect([ended, stderr]).toEqual([code, expect.stringContaining(text)])
  })
})

describe('mfa rollout without a person', () => {
  let place: Place
  let stop: () => Promise<void>
  let requests: string[]
  beforeAll(async () => {
    requests = []
    const sandbox = await startSandbox({
      stateFile: ':memory:',
      tenant: TENANT,
      onOperation: ({method, path}) => requests.push(`${method} ${path}`),
    })
    stop = () => sandbox.stop()
    place = await newPlace({
      MFA_GRAPH_URL: sandbox.rootUrl,
      MFA_ACCESS_TOKEN: sandbox.issueToken(),
      MFA_TENANT_ID: sandbox.tenantId,
    })
  })
  afterAll(async () => {
    await place.remove()
    await stop()
  })

  it.each([
    ['list'],
    ['show'],
    ['create', '--yes'],
    ['add-group', 'Rollout 1', '--yes'],
    ['remove-group', 'Rollout 1', '--yes', '--accept', 'onprem-mfa'],
    ['enable', '--yes'],
    ['disable', '--yes', '--accept', 'onprem-mfa'],
    ['delete', '--yes', '--accept', 'onprem-mfa'],
  ])('rollout %s %s ends with 4 and says why', async (...args) => {
    const before = requests.length
    const {code, stderr} = await place.mfa(['rollout', ...args.filter((each) => each !== undefined)])
    expect([code, stderr]).toEqual([
      4,
      expect.stringContaining('Microsoft Graph lets only people change staged rollout'),
    ])
    expect(stderr).toContain('mfa auth login')
    expect(requests.slice(before).filter((each) => !each.startsWith('GET'))).toEqual([])
  })

  it('checks a group all the same, and says what it could not see', async () => {
    const {code, stderr} = await place.mfa(['rollout', 'check', 'Rollout 1'])
    expect([code, stderr]).toEqual([8, expect.stringContaining('the number of its groups is not checked')])
  })
})
