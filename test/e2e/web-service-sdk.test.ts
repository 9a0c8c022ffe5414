import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {type PfServer, startPfServer} from '../fakes/pf-server.js'
import {newPlace, type Place} from '../helpers/mfa.js'

const TENANT: TenantFile = {
  tenantId: 'c0de0000-0000-4000-8000-00000000000a',
  displayName: 'Contoso',
  domains: ['contoso.com'],
  users: ['ann', 'bob', 'eve'].map((name, index) => ({
    id: `00000000-0000-4000-8000-00000000000${index}`,
    userPrincipalName: `${name}@contoso.com`,
    displayName: name,
    onPremisesSamAccountName: name,
    onPremisesDomainName: 'corp.contoso.com',
  })),
  groups: [
    {
      id: '00000000-0000-4000-8000-0000000000aa',
      displayName: 'Pilot',
      members: ['ann@contoso.com', 'bob@contoso.com', 'eve@contoso.com'],
    },
  ],
}

/** Invented; the PIN must never be seen again. */
const PIN = '774411'
const settings = (over: Readonly<Record<string, string>>) => ({
  CountryCode: '1',
  Mode: 'smsText',
  Enabled: 'true',
  Pin: PIN,
  ...over,
})
const USERS = [
  {username: 'ann@contoso.com', settings: settings({Phone: '4255550101'})},
  {username: 'CORP\\bob', settings: settings({Phone: '4255550102', Mode: 'voiceCall'})},
  {username: 'zoe@elsewhere.example', settings: settings({Phone: '4255550103'})},
]

let server: PfServer
let tenant: Sandbox
let place: Place

beforeAll(async () => {
  server = await startPfServer(USERS, {basic: {username: 'svc', password: 'Invented-1'}})
  tenant = await startSandbox({stateFile: ':memory:', tenant: TENANT})
  place = await newPlace({
    MFA_SOURCE: server.url,
    MFA_SOURCE_USERNAME: 'svc',
    MFA_SOURCE_PASSWORD: 'Invented-1',
    MFA_GRAPH_URL: tenant.rootUrl,
    MFA_ACCESS_TOKEN: tenant.issueToken(),
    MFA_TENANT_ID: tenant.tenantId,
  })
})
afterAll(async () => {
  await Promise.all([server.close(), tenant.stop(), place.remove()])
})

describe('the live Web Service SDK', () => {
  it('is checked: operations, users, completeness, time', async () => {
    const {code, stdout, stderr} = await place.mfa(['source', 'check'])
    expect([code, stderr]).toEqual([0, expect.any(String)])
    expect(stdout).toContain('web-service-sdk')
    expect(stdout).toContain('GetUserSettings_3')
    expect(stdout).toMatch(/3 users can be read/)
    expect(stdout.match(/full read/g)).toHaveLength(1)
    expect(stdout.match(/│ users /g)).toHaveLength(1)
    expect(stdout).toContain('the server called its list of 3 users complete')
  })

  it('is migrated from, and a second run writes nothing', async () => {
    const first = await place.mfa(['migrate', '--group', 'Pilot', '--yes', '--json'])
    expect(first.code).toBe(0)
    expect(first.json()['summary']).toMatchObject({users: 3, migrated: 2, unmatched: 1, failed: 0})
    const phones = tenant.dump().users.flatMap((user) => user.phoneMethods ?? [])
    expect(phones.map(({phoneNumber}) => phoneNumber)).toEqual(['+1 4255550101', '+1 4255550102'])

    const {writes} = tenant.stats()
    const second = await place.mfa(['migrate', '--group', 'Pilot', '--yes', '--json'])
    expect(second.json()['summary']).toMatchObject({migrated: 0, unchanged: 2})
    expect(tenant.stats().writes).toBe(writes)
  })

  it('keeps PINs and the password out of everything', async () => {
    for (const {path, text} of await place.everything()) {
      expect.soft(text, path).not.toContain(PIN)
      expect.soft(text, path).not.toContain('Invented-1')
    }
  })

  it('says what to do when the password is wrong', async () => {
    const {code, stderr} = await place.mfa(['source', 'check'], {env: {MFA_SOURCE_PASSWORD: 'wrong'}})
    expect(code).toBe(4)
    expect(stderr).toMatch(/MFA_SOURCE_USERNAME|PhoneFactor Admins/)
  })

  it('takes plain http to loopback only', async () => {
    const {code, stderr} = await place.mfa([
      'source',
      'check',
      '--source',
      'http://mfa1.contoso.com/PfWsSdk.asmx',
    ])
    expect(code).toBe(64)
    expect(stderr).toContain('--source')
  })
})
