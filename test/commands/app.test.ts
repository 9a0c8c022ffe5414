import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {EMPTY} from '../fixtures/empty-tenant.js'
import {CONTOSO, newPlace, type MfaResult, type Place} from '../helpers/mfa.js'
import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'

let sandbox: Sandbox
let place: Place
beforeAll(async () => {
  sandbox = await startSandbox({stateFile: ':memory:', tenant: EMPTY, deviceCodePolls: 0})
  place = await newPlace({MFA_GRAPH_URL: sandbox.rootUrl, MFA_AUTHORITY_URL: sandbox.authorityUrl})
})
afterAll(async () => {
  await sandbox.stop()
  await place.remove()
})

const config = async () =>
  JSON.parse(await place.read('../home/.config/mfa/mfa.config.json')) as Record<string, string>
const app = (...args: readonly string[]): Promise<MfaResult> => place.mfa(['app', ...args])
const code = async (...args: readonly string[]) => (await app(...args)).code
const writes = () => sandbox.stats().writes
const refusal = (result: MfaResult) => ({code: result.code, error: result.json()['error']})

test('from an empty tenant one command leads to a sign-in that works; once more changes nothing', async () => {
  const args = [
    'configure',
    '--tenant',
    sandbox.tenantId,
    '--yes',
    '--json',
    '--certificate-out',
    'client.pem',
  ]
  const first = await app(...args)
  expect({code: first.code, err: first.stderr}).toMatchObject({code: 0})
  const made = first.json()
  expect(made).toMatchObject({
    appId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    certificate: {thumbprintSha256: expect.stringMatching(/^[0-9A-F]{64}$/), daysLeft: 364},
    signInProven: true,
    warnings: [],
  })
  expect(made['permissions']).toHaveLength(5)
  for (const row of made['permissions'] as {granted: boolean}[])
    expect(row).toMatchObject({granted: true, name: expect.any(String), why: expect.any(String), used: null})
  expect(await config()).toEqual({
    tenant: sandbox.tenantId,
    clientId: made['appId'],
    clientObjectId: made['objectId'],
    clientCertificatePath: join(place.work, 'client.pem'),
    features: ['migrate'],
  })
  for (const file of [join(place.work, 'client.pem'), join(place.folder, 'home/.config/mfa/mfa.config.json')])
    expect((await stat(file)).mode & 0o777).toBe(0o600)

  const before = writes()
  const again = await app('configure', '--yes', '--json')
  expect(again.json()).toMatchObject({changes: 0, appId: made['appId'], run: null})
  expect(again.json()['verdict']).toContain('nothing to change')
  expect(writes()).toBe(before)
  const told = await app('configure', '--yes', '--tenant', sandbox.tenantId)
  expect(told.stdout).toMatch(new RegExp(`\nNext: mfa app show --tenant ${sandbox.tenantId}\n$`))

  // The other commands sign in with it: no user is known, which is another matter than not being let in.
  const listed = await place.mfa(['users', 'show', 'nobody@contoso.com', '--json'])
  expect(JSON.stringify(listed.json())).not.toContain('SIGN_IN')
  expect(listed.code).not.toBe(4)
})

test('what is missing is named, granted by the command that is named, and told apart from what is used', async () => {
  const asked = await place.mfa(['users', 'list', '--group', 'nobody', '--json'])
  expect(asked.code).toBe(64)
  const shown = (await app('show', '--json')).json()
  const rows = shown['permissions'] as {name: string; used: string | null}[]
  expect(rows.find(({name}) => name === 'GroupMember.Read.All')?.used).toMatch(/^20\d\d-/)
  expect(shown['neverUsed']).toContain('UserAuthenticationMethod.ReadWrite.All')
  expect(shown['limited']).toBe(true)

  const dry = (await app('grant', 'AuditLog.Read.All', '--dry-run', '--json')).json()
  expect(dry).toMatchObject({dryRun: true, changes: 2})
  expect(await code('grant', 'AuditLog.Read.All', '--yes')).toBe(0)
  const whole = (await app('show', '--as', 'person', '--json')).json()
  expect(whole).toMatchObject({limited: false, beyondNeed: [{name: 'AuditLog.Read.All'}]})
  expect(await code('grant', '--with', 'audit', '--yes')).toBe(0)
  expect((await config())['features']).toEqual(['migrate', 'audit'])
  expect((await app('show', '--as', 'person', '--json')).json()['beyondNeed']).toEqual([])
})

test('certificates: another machine adds its own, ours is rotated by the application itself', async () => {
  const other = await newPlace({MFA_GRAPH_URL: sandbox.rootUrl, MFA_AUTHORITY_URL: sandbox.authorityUrl})
  const added = await other.mfa([
    'app',
    'certificate',
    'add',
    '--tenant',
    sandbox.tenantId,
    '--yes',
    '--json',
  ])
  expect(added.json()).toMatchObject({signInProven: true, appId: (await config())['clientId']})
  await other.remove()
  const old = (await app('certificate', 'list', '--json')).json()['certificates'] as {
    thumbprintSha256: string
  }[]
  const before = await place.read('client.pem')
  expect((await app('certificate', 'rotate', '--within', '30d', '--yes', '--json')).json()).toMatchObject({
    did: 'nothing',
  })
  const kept = (await app('certificate', 'rotate', '--keep-old', '7d', '--yes', '--json')).json()
  expect(kept).toMatchObject({
    did: 'rotated',
    old: {thumbprintSha256: old[0]?.thumbprintSha256, removed: false},
  })
  expect(await place.read('client.pem')).not.toBe(before)
  expect((await app('certificate', 'rotate', '--keep-old', '7d', '--yes', '--json')).json()).toMatchObject({
    did: 'nothing',
  })
  const listed = async () =>
    (await app('certificate', 'list', '--as', 'person', '--json')).json()['certificates'] as unknown[]
  expect(await listed()).toHaveLength(3)
  expect((await app('certificate', 'rotate', '--yes', '--json')).json()).toMatchObject({did: 'removed-old'})
  expect(await listed()).toHaveLength(2)
})

test('bad input is named', async () => {
  expect(refusal(await app('configure', '--with', 'migrate,everything', '--json'))).toMatchObject({
    code: 64,
    error: {code: 'FEATURE_UNKNOWN', message: expect.stringContaining('"everything"')},
  })
  expect(refusal(await app('grant', 'Mail.Send', '--json'))).toMatchObject({
    code: 64,
    error: {code: 'PERMISSION_UNKNOWN'},
  })
  expect(refusal(await app('configure', '--wait', 'soon', '--json'))).toMatchObject({code: 64})
  expect(refusal(await app('configure', '--certificate', 'nowhere.pem', '--yes', '--json'))).toMatchObject({
    code: 64,
    error: {code: 'CERTIFICATE_MISSING', message: expect.stringContaining('nowhere.pem')},
  })
  expect(refusal(await app('configure', '--certificate', '.', '--yes', '--json'))).toMatchObject({
    code: 64,
    error: {code: 'CERTIFICATE_UNREADABLE'},
  })
  expect(refusal(await app('certificate', 'remove', '--json'))).toMatchObject({code: 64})
  expect(refusal(await app('configure', '--cloud', 'china', '--with', 'rollout', '--json'))).toMatchObject({
    code: 8,
    error: {code: 'NOT_IN_CLOUD'},
  })
  expect(refusal(await app('configure', '--json', '--name', 'Another', '--client-id', 'none'))).toMatchObject(
    {code: 64},
  )
  const before = writes()
  expect(refusal(await app('configure', '--new', '--name', 'Another', '--json'))).toMatchObject({
    code: 64,
    error: {fix: expect.stringContaining('--yes')},
  })
  expect(writes()).toBe(before)
})

test('the old registry key tells the cloud', async () => {
  const key = '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Positive Networks\\PhoneFactor]'
  const text = (graph: string, sts: string) =>
    `Windows Registry Editor Version 5.00\r\n\r\n${key}\r\n"GraphUrl"="${graph}"\r\n"StsUrl"="${sts}"\r\n`
  await place.file('us.reg', text('https://graph.microsoft.us', 'https://login.microsoftonline.us'))
  await place.file('odd.reg', text('https://graph.microsoft.us', 'https://login.chinacloudapi.cn'))
  const us = await app('configure', '--from-registry', 'us.reg', '--dry-run', '--json')
  expect(us.code).toBe(0)
  expect(us.json()['changes']).toBe(1)
  expect(refusal(await app('configure', '--from-registry', 'odd.reg', '--dry-run', '--json'))).toMatchObject({
    code: 65,
  })
  expect(
    refusal(await app('configure', '--from-registry', 'us.reg', '--cloud', 'global', '--json')),
  ).toMatchObject({code: 64})
})

test('people sign in through the application only where it was set up for them', async () => {
  const clientOf = async () => (await place.mfa(['auth', 'login', '--json'])).json()['clientId']
  expect(await clientOf()).toBe('14d82eec-204b-4c2f-b7e8-296a70dab67e')
  expect(await code('configure', '--with', 'migrate,rollout', '--yes')).toBe(0)
  expect(await clientOf()).toBe((await config())['clientId'])
  expect(await place.mfa(['auth', 'logout', '--json'])).toMatchObject({code: 0})
})

test('remove takes everything back, and nothing secret was written anywhere but into the key file', async () => {
  expect(refusal(await app('remove', '--yes', '--json'))).toMatchObject({
    code: 8,
    error: {code: 'OTHERS_CERTIFICATES'},
  })
  const removed = (await app('remove', '--yes', '--force', '--remove-key', '--json')).json()
  expect(removed).toMatchObject({deleted: true, keptFiles: []})
  expect(await config()).toEqual({})
  await expect(place.read('client.pem')).rejects.toThrow('ENOENT')
  expect(sandbox.dump().applications ?? []).toEqual([])
  expect((await app('remove', '--yes', '--json')).json()).toMatchObject({deleted: false, changes: []})
  const files = await place.everything()
  expect(files.length).toBeGreaterThan(5)
  const leaks = files.filter(({text}) => /PRIVATE KEY|eyJ[\w-]{8}/.test(text)).map(({path}) => path)
  expect(leaks).toEqual([])
})

test('the tenant inside the tool: no sign-in is asked for, and nothing of it leaves this machine', async () => {
  const own = await newPlace()
  const args = ['app', 'configure', '--tenant', 'sandbox', '--with', 'migrate,rollout', '--yes', '--json']
  const first = (await own.mfa(args)).json()
  expect(first).toMatchObject({signInProven: true, warnings: []})
  expect((await own.mfa(['app', 'configure', '--yes', '--json'])).json()).toMatchObject({changes: 0})
  const migrate = ['migrate', '--group', 'MFA early birds', '--source', CONTOSO, '--dry-run', '--json']
  expect((await own.mfa(migrate)).json()).toMatchObject({dryRun: true})
  const everything = await own.everything()
  const keys = everything.filter(({text}) => text.includes('PRIVATE KEY')).map(({path}) => path)
  expect(keys).toEqual([expect.stringMatching(/\.pem$/)])
  await own.remove()
})

test('a token of an application may register as well; without an authority the sign-in is not tried, which is said', async () => {
  const own = await newPlace({
    MFA_GRAPH_URL: sandbox.rootUrl,
    MFA_TENANT_ID: sandbox.tenantId,
    MFA_ACCESS_TOKEN: sandbox.issueToken(),
  })
  const result = (await own.mfa(['app', 'configure', '--yes', '--json', '--config', 'own.json'])).json()
  expect(result).toMatchObject({
    signInProven: false,
    warnings: [expect.stringContaining('MFA_AUTHORITY_URL')],
  })
  expect(JSON.parse(await own.read('own.json'))).toMatchObject({clientId: result['appId']})
  const weak = sandbox.issueToken(['User.Read.All'])
  const refused = await own.mfa(['app', 'configure', '--yes', '--json', '--new'], {
    env: {MFA_ACCESS_TOKEN: weak},
  })
  expect(refused.code).toBe(4)
  await own.remove()
})

test('a certificate that ends soon is said once by every command that succeeds', async () => {
  const own = await newPlace({MFA_GRAPH_URL: sandbox.rootUrl, MFA_AUTHORITY_URL: sandbox.authorityUrl})
  const name = ['--name', 'Short-lived', '--days', '20']
  const made = await own.mfa(['app', 'configure', '--tenant', sandbox.tenantId, ...name, '--yes', '--json'])
  expect({code: made.code, warnings: made.json()['warnings']}).toEqual({
    code: 0,
    warnings: ['The certificate expires in 19 days: mfa app certificate rotate.'],
  })
  // The first two do not sign in.
  for (const command of [['runs', 'list'], ['auth', 'status'], ['status']]) {
    const result = await own.mfa([...command, '--json'])
    expect({command, warnings: result.json()['warnings']}).toEqual({
      command,
      warnings: [
        expect.stringMatching(/expires on .* \(in 19 days\); renew it in time: mfa app certificate rotate$/),
      ],
    })
    const {stderr} = await own.mfa(command)
    expect(stderr.match(/mfa app certificate rotate/g)).toHaveLength(1)
  }
  await own.remove()
})
