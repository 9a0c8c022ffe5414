import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {EMERGENCY, FEDERATED} from '../fixtures/federated-tenant.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const SANDBOX = ['--tenant', 'sandbox']
const READY = ['--all-users', '--emergency-account', EMERGENCY]
const ACCEPTED = ['not-migrated', 'no-usable-method', 'dependencies-unknown'].flatMap((code) => [
  '--accept',
  code,
])
const REJECT = ['federation', 'set', 'reject', '--domain', 'contoso.com', ...SANDBOX]

let place: Place
beforeAll(async () => {
  place = await newPlace()
  await place.file('tenant.json', JSON.stringify(FEDERATED))
})
afterAll(() => place.remove())

const reset = () => place.mfa(['sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes'])
const signIn = async (user: string) => (await place.mfa(['sandbox', 'sign-in', user, '--json'])).json()
const domains = async () =>
  (await place.mfa(['federation', 'show', ...SANDBOX, '--json'])).json()['domains'] as Record<
    string,
    unknown
  >[]

// A dozen processes each.
describe('a rehearsal in the sandbox', {timeout: 120_000}, () => {
  test('shows what was never set, and what it falls back to', async () => {
    await reset()
    expect(await domains()).toMatchObject([
      {
        domain: 'contoso.com',
        federatedIdpMfaBehavior: null,
        fallsBackTo: 'acceptIfMfaDoneByFederatedIdp',
      },
      {domain: 'example.com', federatedIdpMfaBehavior: 'enforceMfaByFederatedIdp', fallsBackTo: null},
    ])
    const list = await place.mfa(['federation', 'list', ...SANDBOX, '--csv', 'domains.csv'])
    expect([list.code, list.stdout]).toEqual([0, expect.stringContaining('Entra (not federated)')])
    expect((await place.read('domains.csv')).split('\r\n')).toHaveLength(5)
    const shown = await place.mfa(['federation', 'show', ...SANDBOX])
    expect(shown.stdout).toMatch(/never set[\s\S]*SupportsMfa[\s\S]*one-way door/)
  })

  test('refuses with a list: table, CSV and JSON, the same exit code', async () => {
    await reset()
    const plain = await place.mfa([...REJECT, ...READY, '--csv', 'blockers.csv'])
    expect(plain.code).toBe(8)
    expect(plain.stdout).toContain('bob@contoso.com')
    expect(plain.stderr).toContain('--accept no-usable-method')
    const csv = await place.read('blockers.csv')
    expect(csv).toMatch(/^code,item,detail,accept\r\n/)
    expect(csv).toContain('no-usable-method,bob@contoso.com')
    const json = await place.mfa([...REJECT, '--json'])
    expect(json.code).toBe(8)
    expect(json.json()).toMatchObject({
      schemaVersion: 1,
      error: {code: 'FEDERATION_REFUSED'},
      domain: 'contoso.com',
      writes: 0,
      blockers: [
        {code: 'dependencies-unknown', acceptable: true},
        {code: 'emergency-account-missing', acceptable: false},
        {code: 'users-not-named', acceptable: false},
      ],
    })
    expect((await domains())[0]).toMatchObject({federatedIdpMfaBehavior: null})
  })

  test('takes answers about what depends on MFA Server, each open one with its code', async () => {
    await reset()
    const unknown = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6']
    const answers = Object.fromEntries(unknown.map((id) => [id, {answer: id === 'C3' ? 'yes' : 'no'}]))
    const file = (content: object) => place.file('answers.yaml', JSON.stringify(content))
    await file({schemaVersion: 1, answers})
    const args = [...REJECT, ...READY, '--answers', 'answers.yaml', '--confirm', 'contoso.com', '--json']
    const accept = ['--accept', 'not-migrated', '--accept', 'no-usable-method']
    const refused = await place.mfa([...args, ...accept])
    expect([refused.code, refused.json()['blockers']]).toEqual([
      8,
      [expect.objectContaining({code: 'dependency-C3', item: 'C3', acceptable: true})],
    ])
    const accepted = await place.mfa([...args, ...accept, '--accept', 'dependency-C3', '--dry-run'])
    expect([accepted.code, accepted.json()['accepted']]).toMatchObject([0, {'dependency-C3': 1}])
    await file({schemaVersion: 1, answers: {C9: {answer: 'no'}}})
    expect((await place.mfa([...args, ...accept])).code).toBe(65)
  })

  test('reads the server where it is told to, and says whose record is not carried over', async () => {
    await place.mfa(['sandbox', 'reset', '--yes'])
    const args = [...REJECT, '--all-users', '--source', CONTOSO, '--csv', 'blockers.csv', '--json']
    const {code} = await place.mfa(args)
    expect(code).toBe(8)
    const csv = await place.read('blockers.csv')
    expect(csv).toContain('not-migrated,ada.sunrise@contoso.com')
    const birds = ['migrate', ...SANDBOX, '--group', 'MFA early birds', '--source', CONTOSO, '--yes']
    await place.mfa([...birds, '--seed-file', `${CONTOSO}/seeds.csv`])
    const seeds = ['--seed-file', `${CONTOSO}/seeds.csv`]
    expect((await place.mfa([...args, ...seeds])).code).toBe(8)
    expect(await place.read('blockers.csv')).not.toMatch(/ada\.sunrise/)
  })

  test('goes there and back: who is asked for MFA by whom, at the sandbox’s clock', async () => {
    await reset()
    expect(await signIn('ann@contoso.com')).toMatchObject({mfaBy: 'entra', stagedRollout: true})
    expect(await signIn('bob@contoso.com')).toMatchObject({mfaBy: 'on-premises', canSignIn: true})
    const door = await place.mfa([...REJECT, ...READY, ...ACCEPTED, '--yes'])
    expect([door.code, door.stderr]).toEqual([8, expect.stringContaining('--confirm contoso.com')])
    const set = await place.mfa([...REJECT, ...READY, ...ACCEPTED, '--confirm', 'contoso.com', '--json'])
    expect(set.json()).toMatchObject({before: null, original: null, writes: 1, blockers: []})
    expect(set.json()['warnings']).toEqual([expect.stringContaining('was never set')])
    const again = await place.mfa([...REJECT, '--json'])
    expect([again.code, again.json()['writes']]).toEqual([0, 0])
    expect(await signIn('bob@contoso.com')).toMatchObject({mfaBy: 'on-premises', canSignIn: true})
    const advanced = await place.mfa(['sandbox', 'advance', '24h', '--json'])
    expect([advanced.code, advanced.json()['advancedMs']]).toEqual([0, 86_400_000])
    expect(await signIn('bob@contoso.com')).toMatchObject({mfaBy: 'entra', canSignIn: false, methods: []})
    expect((await domains())[0]).toMatchObject({original: null, inEffect: true})
    const refused = await place.mfa(['rollback', ...SANDBOX, '--yes', '--json'])
    expect([refused.code, refused.json()['blockers']]).toEqual([
      8,
      [expect.objectContaining({code: 'onprem-mfa'})],
    ])
    const back = await place.mfa(['rollback', ...SANDBOX, '--accept', 'onprem-mfa', '--yes', '--json'])
    expect([back.code, back.json()['finished']]).toEqual([0, true])
    await place.mfa(['sandbox', 'advance', '24h'])
    expect(await signIn('bob@contoso.com')).toMatchObject({
      behaviorInEffect: 'acceptIfMfaDoneByFederatedIdp',
      mfaBy: 'on-premises',
      canSignIn: true,
    })
    expect(await signIn('ann@contoso.com')).toMatchObject({mfaBy: 'on-premises', stagedRollout: false})
    // Both by the service's clock, which is two days ahead of this machine's by now.
    const shown = (await place.mfa(['federation', 'show', ...SANDBOX, '--domain', 'contoso.com'])).stdout
    const [, setAt, since] =
      /tool set it to[\s\S]*? at ([\d-]+\s[\d:]+)[\s\S]*in effect since\s([\d-]+\s[\d:]+)/.exec(shown) ?? []
    expect([shown, Date.parse(`${since}Z`) - Date.parse(`${setAt}Z`)]).toEqual([shown, 86_400_000])
    const run = await place.mfa(['runs', 'show', 'last', '--json'])
    const says = (run.json()['actions'] as {intent: {says: string}}[]).map(({intent}) => intent.says)
    expect(says).toContain('Uninstall MFA Server 8.1: attested by --yes')
    expect(says).toContain('turn staged rollout "MFA rollout" off')
  })

  test('says first what is lost, and how each step on the server is done', async () => {
    await reset()
    const dry = await place.mfa(['rollback', ...SANDBOX, '--dry-run'])
    expect([dry.code, dry.stderr]).toEqual([0, expect.stringContaining('after the backup was taken is lost')])
    const args = [
      '--accept',
      'onprem-mfa',
      '--backup',
      './b 1',
      '--data',
      'D:\\Data',
      '--skip',
      'uninstall=none there',
    ]
    const asked = await place.mfa(['rollback', ...SANDBOX, ...args])
    expect([asked.code, asked.stderr]).toEqual([64, expect.stringContaining('--yes')])
    expect(asked.stdout).toContain('mfa server restore "./b 1" --data D:\\Data')
    const runs = await place.mfa(['runs', 'show', 'last'])
    expect(runs.stdout.replaceAll(/[│\s]+/g, ' ')).toContain('none there')
  })

  test('watches until the value is there, in plain lines', async () => {
    await reset()
    const args = ['federation', 'show', '--domain', 'example.com', ...SANDBOX, '--watch', '--interval', '1s']
    const there = await place.mfa([...args, '--until', 'enforce'])
    expect([there.code, there.stderr]).toEqual([
      0,
      expect.stringMatching(/^\S+Z example\.com: enforceMfaByFederatedIdp\n/m),
    ])
    const waiting = place.start([...args, '--until', 'reject'])
    await new Promise<void>((resolve) => {
      waiting.process.stderr.on('data', (text: string) => text.includes('example.com') && resolve())
    })
    waiting.process.kill('SIGINT')
    expect((await waiting.ended).code).toBe(130)
  })
})

describe('bad input', () => {
  test.each([
    [['federation', 'set', 'maybe', '--domain', 'contoso.com'], 'reject'],
    [['federation', 'set', 'reject'], 'domain'],
    [[...REJECT, '--accept', 'emergency-account-missing'], '--accept does not take'],
    [[...REJECT, '--group', 'MFA pilot', '--all-users'], 'exclude each other'],
    [['federation', 'set', 'reject', '--domain', 'contoso.onmicrosoft.com', ...SANDBOX], 'not federated'],
    [['federation', 'show', '--domain', 'fabrikam.com', ...SANDBOX], 'fabrikam.com'],
    [['federation', 'show', ...SANDBOX, '--watch', '--interval', 'often'], '--interval'],
    [['rollback', ...SANDBOX, '--skip', 'rollout', '--accept', 'onprem-mfa'], 'does not say why'],
    [['rollback', ...SANDBOX, '--skip', 'coffee=cold', '--accept', 'onprem-mfa'], 'there is no step coffee'],
    [['rollback', ...SANDBOX, '--undo', 'last', '--accept', 'onprem-mfa'], 'no run last'],
    [['sandbox', 'advance', 'tomorrow'], 'no length of time'],
    [['sandbox', 'advance', '400d'], 'too long'],
    [['sandbox', 'sign-in', 'nobody@contoso.com'], 'nobody@contoso.com'],
  ])('%j', async (args, says) => {
    const {code, stderr} = await place.mfa(args)
    expect([code, stderr]).toEqual([64, expect.stringContaining(says)])
  })
})

describe('a real tenant', () => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await startTenant({tenant: FEDERATED})
  })
  afterAll(() => tenant.stop())

  test('an application may set federation, and is told that only a person turns staged rollout off', async () => {
    const set = [
      'federation',
      'set',
      'accept',
      '--domain',
      'contoso.com',
      '--confirm',
      'contoso.com',
      '--json',
    ]
    const done = await place.mfa(set, {env: tenant.env})
    expect([done.code, done.json()['writes']]).toEqual([0, 1])
    const args = ['rollback', '--accept', 'onprem-mfa', '--to', 'enforce', '--yes', '--json']
    const writes = tenant.writes()
    const refused = await place.mfa(args, {env: tenant.env})
    expect(refused.code).toBe(4)
    expect(tenant.writes()).toBe(writes)
    const skipped = await place.mfa([...args, '--skip', 'rollout=later, by a person'], {env: tenant.env})
    expect([skipped.code, skipped.json()['finished']]).toEqual([0, true])
  })

  test('a missing permission is named', async () => {
    const env = {...tenant.env, MFA_ACCESS_TOKEN: tenant.sandbox.issueToken(['Domain.Read.All'])}
    const {code, stderr} = await place.mfa(['federation', 'show'], {env})
    expect([code, stderr]).toEqual([4, expect.stringContaining('Domain-InternalFederation.Read.All')])
  })
})
