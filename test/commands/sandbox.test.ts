import {afterAll, beforeAll, expect, test} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

const BIRDS = ['--group', 'MFA early birds', '--source', CONTOSO, '--seed-file', `${CONTOSO}/seeds.csv`]

let place: Place
beforeAll(async () => {
  place = await newPlace()
})
afterAll(() => place.remove())

const phones = async (): Promise<number> => {
  const {users} = (await place.mfa(['sandbox', 'show', '--json'])).json() as {
    users: {phoneMethods?: unknown[]}[]
  }
  return users.flatMap(({phoneMethods = []}) => phoneMethods).length
}

test('--tenant sandbox keeps what was written until it is reset', async () => {
  const before = await phones()
  const migrate = ['migrate', '--tenant', 'sandbox', ...BIRDS, '--yes', '--json']
  expect((await place.mfa(migrate)).json()).toMatchObject({summary: {migrated: 6}})
  expect(await phones()).toBe(before + 7)
  expect((await place.mfa(migrate)).json()).toMatchObject({summary: {unchanged: 6}})
  expect((await place.mfa(['sandbox', 'show'])).stdout).toContain('MFA early birds')

  const asked = await place.mfa(['sandbox', 'reset', '--json'])
  expect(asked.code).toBe(64)
  expect(asked.json()).toMatchObject({error: {fix: expect.stringContaining('--yes')}})
  expect((await place.mfa(['sandbox', 'reset', '--yes'])).code).toBe(0)
  expect(await phones()).toBe(before)
  expect((await place.mfa(migrate)).json()).toMatchObject({summary: {migrated: 6}})
})

test.each(['SIGINT', 'SIGTERM'] as const)('sandbox serve: for other programs until %s', async (signal) => {
  const serving = place.start(['sandbox', 'serve', '--json', '--faults', 'throttle=0.2,retryAfter=0,seed=3'])
  const said = await serving.untilStdout(/\}\s*$/)
  const {graphUrl, authorityUrl, tenantId, accessToken} = JSON.parse(said) as Record<string, string>
  expect({graphUrl, authorityUrl}).toEqual({
    graphUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    authorityUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  })
  const other = await newPlace({
    MFA_GRAPH_URL: graphUrl,
    MFA_TENANT_ID: tenantId,
    MFA_ACCESS_TOKEN: accessToken,
  })
  const listed = await other.mfa(['users', 'list', '--group', 'MFA early birds', '--json'])
  expect(listed.json()['users']).toHaveLength(6)
  serving.process.kill(signal)
  const ended = await serving.ended
  expect(ended.code).toBe(0)
  await other.remove()
})

test('sandbox serve says what to type in another window', async () => {
  const serving = place.start(['sandbox', 'serve'])
  const said = await serving.untilStdout(/MFA_ACCESS_TOKEN=\S+\n/)
  expect(said).toMatch(/export MFA_GRAPH_URL=http:\/\/127\.0\.0\.1:\d+\n/)
  serving.process.kill('SIGINT')
  expect((await serving.ended).code).toBe(0)
})

test('sandbox show says what was granted to applications', async () => {
  const appId = 'bbbbbbbb-0000-4000-8000-000000000001'
  const file = await place.file(
    'registered.json',
    JSON.stringify({
      tenantId: 'aaaaaaaa-0000-4000-8000-000000000001',
      displayName: 'Contoso (invented)',
      domains: ['contoso.com'],
      users: [],
      groups: [],
      applications: [{id: 'cccccccc-0000-4000-8000-000000000001', appId, displayName: 'mfa'}],
      servicePrincipals: [
        {
          id: 'dddddddd-0000-4000-8000-000000000001',
          appId,
          displayName: 'mfa',
          accountEnabled: false,
          appRoleAssignments: ['User.Read.All', 'GroupMember.Read.All'],
          oauth2PermissionGrants: [{scope: 'Directory.ReadWrite.All User.Read.All'}],
        },
      ],
    }),
  )
  expect((await place.mfa(['sandbox', 'reset', '--yes', '--tenant-file', file])).code).toBe(0)
  const shown = await place.mfa(['sandbox', 'show'])
  expect(shown.stdout).toContain(
    [
      `  application "mfa" (${appId}): 0 certificates, disabled`,
      '    granted: GroupMember.Read.All, User.Read.All',
      '    granted for people: Directory.ReadWrite.All, User.Read.All\n',
    ].join('\n'),
  )
})
