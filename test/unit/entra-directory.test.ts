import {describe, expect, it} from 'vitest'
import {createDirectory} from '../../src/lib/entra/directory.js'
import {PHONE_IDS} from '../../src/lib/entra/methods.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import {isReadFailure} from '../../src/lib/ports/directory.js'
import {
  batchAnswer,
  errorAnswer,
  graphOf,
  jumpingClock,
  live,
  rejection,
  scriptedServer,
  type Scripted,
} from './transport-helpers.js'

const GROUP = '11111111-2222-3333-4444-555555555555' as ObjectId
const USER = 'aaaaaaaa-0000-0000-0000-000000000001' as ObjectId
const OTHER = 'aaaaaaaa-0000-0000-0000-000000000002' as ObjectId

/** Answers by decoded URL, alone or in a batch; what is not listed is not found. */
async function directoryOver(answers: Readonly<Record<string, Scripted>>, warn?: (text: string) => void) {
  const asked: string[] = []
  const answer = (url: string): Scripted | undefined => {
    const decoded = decodeURIComponent(url)
    asked.push(decoded)
    const key = Object.keys(answers).find((known) => decoded === known || decoded.startsWith(`${known}?`))
    return key === undefined ? errorAnswer(404, 'Request_ResourceNotFound') : answers[key]
  }
  const server = await scriptedServer((seen) => {
    const version = seen.url.split('/')[1] ?? ''
    return seen.url.endsWith('$batch')
      ? batchAnswer(seen, (item) => answer(`/${version}${item.url}`))
      : answer(seen.url)
  })
  const graph = graphOf(server.url, {clock: jumpingClock(), retry: {maxAttempts: 2}})
  return {directory: createDirectory(graph, {warn}), server, asked}
}

const list = (...value: readonly unknown[]): Scripted => ({body: {value}})

describe('findGroup', () => {
  const named = (id: string, displayName: string, groupTypes: readonly string[] = []) => ({
    id,
    displayName,
    groupTypes,
  })

  it('by id', async () => {
    const {directory} = await directoryOver({
      [`/v1.0/groups/${GROUP}`]: {body: named(GROUP, 'MFA pilot', ['DynamicMembership'])},
    })
    expect(await directory.findGroup(GROUP, live())).toEqual({
      id: GROUP,
      displayName: 'MFA pilot',
      isDynamic: true,
    })
  })

  it('by name, quotes escaped', async () => {
    const {directory, asked} = await directoryOver({'/v1.0/groups': list(named(GROUP, "Team O'Neil & co"))})
    expect(await directory.findGroup("Team O'Neil & co", live())).toMatchObject({id: GROUP, isDynamic: false})
    expect(asked[0]).toContain("$filter=displayName eq 'Team O''Neil & co'")
  })

  it('takes the one that is the same to the letter', async () => {
    const {directory} = await directoryOver({
      '/v1.0/groups': list(named('1', 'mfa pilot'), named('2', 'MFA pilot')),
    })
    expect(await directory.findGroup('MFA pilot', live())).toMatchObject({id: '2'})
  })

  it('lists several of the same name', async () => {
    const {directory} = await directoryOver({
      '/v1.0/groups': list(named('id-1', 'MFA'), named('id-2', 'MFA')),
    })
    const error = await rejection(directory.findGroup('MFA', live()))
    expect(error).toMatchObject({exit: 'usage', code: 'GROUP_AMBIGUOUS'})
    expect(error.message).toMatch(/id-1.*id-2/)
  })

  it.each(['nobody', GROUP])('says that there is no group %s', async (name) => {
    const {directory} = await directoryOver({'/v1.0/groups': list()})
    expect(await rejection(directory.findGroup(name, live()))).toMatchObject({
      exit: 'usage',
      code: 'GROUP_NOT_FOUND',
    })
  })
})

it('lists members over pages, each once, and tells guests and disabled users', async () => {
  const first = {
    id: USER,
    userPrincipalName: 'ann@contoso.com',
    displayName: 'Ann',
    accountEnabled: false,
    userType: 'Member',
    onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1105',
    onPremisesSamAccountName: 'ann',
    onPremisesDomainName: 'corp.contoso.com',
  }
  const guest = {
    id: OTHER,
    userPrincipalName: 'x_example.com#EXT#@contoso.com',
    displayName: null,
    accountEnabled: true,
  }
  const server = await scriptedServer((seen) =>
    seen.url.includes('skiptoken')
      ? list(first, guest, {id: 'no-name'})
      : {
          body: {
            value: [first],
            '@odata.nextLink': `http://${seen.headers.host}/v1.0/groups/${GROUP}/transitiveMembers/microsoft.graph.user?$skiptoken=2`,
          },
        },
  )
  const directory = createDirectory(graphOf(server.url, {clock: jumpingClock()}))
  const pages = []
  for await (const page of directory.members(GROUP, live())) pages.push(page)
  expect(pages).toEqual([
    [
      {
        id: USER,
        userPrincipalName: 'ann@contoso.com',
        displayName: 'Ann',
        accountEnabled: false,
        isGuest: false,
        onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1105',
        onPremisesSamAccountName: 'ann',
        onPremisesDomainName: 'corp.contoso.com',
      },
    ],
    [
      expect.objectContaining({
        id: OTHER,
        isGuest: true,
        accountEnabled: true,
        onPremisesSamAccountName: undefined,
      }),
    ],
  ])
  expect(server.seen.map((seen) => seen.headers['consistencylevel'])).toEqual(['eventual', 'eventual'])
  expect(server.seen[0]?.url).toContain('$top=999')
})

describe('users', () => {
  it('are found by name, and are nobody when there is none or could be none', async () => {
    const name = 'x_example.com#EXT#@contoso.com'
    const {directory} = await directoryOver({
      [`/v1.0/users/${name}`]: {body: {id: USER, userPrincipalName: name}},
      '/v1.0/users/odd': errorAnswer(400, 'Request_BadRequest'),
    })
    expect(await directory.findUser(name, live())).toMatchObject({id: USER, isGuest: true})
    expect(await directory.findUser('odd', live())).toBeUndefined()
    expect(await directory.findUser('gone@contoso.com', live())).toBeUndefined()
    expect(await directory.findUser('', live())).toBeUndefined()
  })

  it('are found by their on-premises names, all of one name', async () => {
    const user = (id: string, sam: string) => ({
      id,
      userPrincipalName: `${id}@contoso.com`,
      onPremisesSamAccountName: sam,
    })
    const {directory, server, asked} = await directoryOver({
      '/v1.0/users': list(user('1', 'Ann'), user('2', 'ann'), user('3', "o'neil")),
    })
    const found = await directory.usersBySamAccountName(['ANN', "O'Neil", 'nobody', 'ann', ''], live())
    expect([...found].map(([key, users]) => [key, users.map((one) => one.id)])).toEqual([
      ['ann', ['1', '2']],
      ["o'neil", ['3']],
    ])
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain("onPremisesSamAccountName in ('ann','o''neil','nobody')")
    expect(asked[0]).toContain('$count=true')
    expect(server.seen[0]?.headers['consistencylevel']).toBe('eventual')
    await directory.usersBySamAccountName(
      Array.from({length: 31}, (_, n) => `u${n}`),
      live(),
    )
    expect(asked).toHaveLength(4)
    expect(await directory.usersBySamAccountName([], live())).toEqual(new Map())
  })
})

describe('methods', () => {
  const at = (user: string) => ({
    methods: `/v1.0/users/${user}/authentication/methods`,
    hardware: `/beta/users/${user}/authentication/hardwareOathMethods`,
    preferences: `/beta/users/${user}/authentication/signInPreferences`,
  })
  const typed = (type: string, rest: object) => ({
    '@odata.type': `#microsoft.graph.${type}AuthenticationMethod`,
    ...rest,
  })

  it('in our words', async () => {
    const {directory, server} = await directoryOver({
      [at(USER).methods]: list(
        typed('password', {id: 'pw'}),
        typed('phone', {
          id: PHONE_IDS.mobile,
          phoneNumber: '+1 4255550100',
          phoneType: 'mobile',
          smsSignInState: 'ready',
          createdDateTime: '2020-01-01T00:00:00Z',
        }),
        typed('phone', {id: PHONE_IDS.office, phoneNumber: '+1 4255550101x22'}),
        typed('phone', {id: 'strange', phoneNumber: '+1 4255550102', phoneType: 'pager'}),
        typed('microsoftAuthenticator', {id: 'app', displayName: 'iPhone', phoneAppVersion: '6.8'}),
        typed('passwordlessMicrosoftAuthenticator', {
          id: 'app',
          displayName: 'iPhone again',
          createdDateTime: '2024-05-05T00:00:00Z',
        }),
        typed('softwareOath', {id: 'soft', secretKey: null}),
        typed('hardwareOath', {id: 'hard'}),
        typed('fido2', {id: 'key'}),
        {id: 'plain'},
      ),
      [at(USER).hardware]: list({
        id: 'hard',
        device: {id: 'device', serialNumber: 'GALT1', status: 'activated'},
      }),
      [at(USER).preferences]: {
        body: {
          isSystemPreferredAuthenticationMethodEnabled: true,
          userPreferredMethodForSecondaryAuthentication: 'voiceMobile',
        },
      },
    })
    const read = await directory.methods([USER, USER], live())
    expect([...read]).toEqual([
      [
        USER,
        {
          phones: [
            {
              id: PHONE_IDS.mobile,
              slot: 'mobile',
              number: '+1 4255550100',
              smsSignInState: 'ready',
              createdDateTime: '2020-01-01T00:00:00Z',
            },
            {
              id: PHONE_IDS.office,
              slot: 'office',
              number: '+1 4255550101x22',
              smsSignInState: undefined,
              createdDateTime: undefined,
            },
          ],
          authenticators: [
            {
              id: 'app',
              displayName: 'iPhone',
              phoneAppVersion: '6.8',
              createdDateTime: '2024-05-05T00:00:00Z',
            },
          ],
          softwareOath: [{id: 'soft'}],
          hardwareOath: [{id: 'hard', deviceId: 'device', serialNumber: 'GALT1', status: 'activated'}],
          others: [
            {id: 'pw', type: 'password'},
            {id: 'strange', type: 'phone'},
            {id: 'key', type: 'fido2'},
            {id: 'plain', type: 'unknown'},
          ],
          systemPreferred: true,
          preferred: 'voiceMobile',
        },
      ],
    ])
    expect(server.seen).toHaveLength(2)
  })

  it.each([null, 'none', '', 'unknownFutureValue', 'telepathy'])(
    'have no default where Graph says %j',
    async (value) => {
      const {directory} = await directoryOver({
        [at(USER).methods]: list(),
        [at(USER).hardware]: list(),
        [at(USER).preferences]: {body: {userPreferredMethodForSecondaryAuthentication: value}},
      })
      expect((await directory.methods([USER], live())).get(USER)).toMatchObject({
        preferred: undefined,
        systemPreferred: false,
      })
    },
  )

  it('of one user that cannot be read do not stop the others', async () => {
    const {directory} = await directoryOver({
      [at(USER).methods]: list(),
      [at(USER).hardware]: list(),
      [at(USER).preferences]: {body: {}},
      [at(OTHER).methods]: errorAnswer(500, 'Oops'),
      [at(OTHER).hardware]: list(),
      [at(OTHER).preferences]: {body: {}},
    })
    const gone = 'aaaaaaaa-0000-0000-0000-00000000dead' as ObjectId
    const read = await directory.methods([USER, OTHER, gone], live())
    expect(isReadFailure(read.get(USER) ?? {code: 'absent', message: ''})).toBe(false)
    expect(read.get(OTHER)).toMatchObject({code: 'Oops', requestId: expect.stringMatching(/^rid-/)})
    expect(read.get(gone)).toMatchObject({code: 'Request_ResourceNotFound'})
  })

  it('stop at a missing permission, which is named', async () => {
    const {directory} = await directoryOver({
      [at(USER).methods]: errorAnswer(403, 'Authorization_RequestDenied'),
    })
    const error = await rejection(directory.methods([USER], live()))
    expect(error).toMatchObject({exit: 'auth'})
    expect(error.message).toContain('UserAuthenticationMethod.Read.All')
  })

  it('are read without what this cloud’s beta lacks, and that is said once', async () => {
    const warnings: string[] = []
    const missing = errorAnswer(
      400,
      'BadRequest',
      "Resource not found for the segment 'hardwareOathMethods'.",
    )
    const {directory} = await directoryOver(
      Object.fromEntries(
        [USER, OTHER].flatMap((user) => [
          [at(user).methods, list()],
          [at(user).hardware, missing],
          [at(user).preferences, {body: {}}],
        ]),
      ),
      (text) => warnings.push(text),
    )
    const read = await directory.methods([USER, OTHER], live())
    expect([...read.values()].map((methods) => !isReadFailure(methods) && methods.hardwareOath)).toEqual([
      [],
      [],
    ])
    expect(warnings).toEqual([expect.stringContaining('hardware OATH')])
  })

  it('find the device of a token in the inventory where Graph leaves it out', async () => {
    const {directory} = await directoryOver({
      [at(USER).methods]: list(),
      [at(USER).hardware]: list({id: 'm1', device: null}),
      [at(USER).preferences]: {body: {}},
      '/beta/directory/authenticationMethodDevices/hardwareOathDevices': list(
        {id: 'd1', serialNumber: 'S1', assignedTo: {id: USER}, status: 'activated'},
        {id: 'd2', serialNumber: 'S2', assignedTo: {id: OTHER}, status: 'activated'},
      ),
    })
    expect((await directory.methods([USER], live())).get(USER)).toMatchObject({
      hardwareOath: [{id: 'm1', deviceId: 'd1', serialNumber: 'S1', status: 'activated'}],
    })
  })
})

it('finds inventory tokens by serial number, all of one serial', async () => {
  const device = {
    id: 'd1',
    serialNumber: 'A&B#1',
    manufacturer: 'Contoso',
    model: 'X',
    timeIntervalInSeconds: 60,
    hashFunction: 'hmacsha256',
    status: 'assigned',
    assignedTo: {id: USER},
    secretKey: null,
  }
  const server = await scriptedServer((seen) =>
    batchAnswer(seen, (item) =>
      decodeURIComponent(item.url).endsWith("?$filter=serialNumber eq 'A&B#1'")
        ? list(device, {id: 'd2', serialNumber: 'A&B#1', hashFunction: null, status: 'unknownFutureValue'})
        : list(),
    ),
  )
  const directory = createDirectory(graphOf(server.url, {clock: jumpingClock()}))
  expect([...(await directory.tokens(['A&B#1', 'gone', 'A&B#1'], live()))]).toEqual([
    [
      'A&B#1',
      [
        {
          id: 'd1',
          serialNumber: 'A&B#1',
          manufacturer: 'Contoso',
          model: 'X',
          timeIntervalInSeconds: 60,
          hashFunction: 'hmacsha256',
          status: 'assigned',
          assignedTo: USER,
        },
        {
          id: 'd2',
          serialNumber: 'A&B#1',
          manufacturer: '',
          model: '',
          timeIntervalInSeconds: 30,
          hashFunction: 'hmacsha1',
          status: 'unknown',
          assignedTo: undefined,
        },
      ],
    ],
  ])
})

describe('methodsPolicy', () => {
  it('with hardware OATH from beta', async () => {
    const policy = '/policies/authenticationMethodsPolicy'
    const {directory} = await directoryOver({
      [`/v1.0${policy}`]: {
        body: {
          policyMigrationState: 'migrationInProgress',
          authenticationMethodConfigurations: [
            {
              id: 'Sms',
              state: 'enabled',
              includeTargets: [{targetType: 'group', id: 'all_users', isUsableForSignIn: true}],
              excludeTargets: [{id: 'g9'}],
            },
            {id: 'Voice', state: 'disabled', isOfficePhoneAllowed: false, includeTargets: null},
            {
              id: 'MicrosoftAuthenticator',
              state: 'enabled',
              isSoftwareOathEnabled: true,
              includeTargets: [{id: 'g1'}],
            },
            {id: 'Fido2', state: 'enabled'},
          ],
        },
      },
      [`/beta${policy}/authenticationMethodConfigurations/hardwareOath`]: {
        body: {id: 'HardwareOath', state: 'enabled', includeTargets: [{id: 'g2'}]},
      },
    })
    const {migrationState, configurations} = await directory.methodsPolicy(live())
    expect(migrationState).toBe('migrationInProgress')
    const found = new Map(configurations.map((configuration) => [configuration.method, configuration]))
    expect([...found.keys()].sort()).toEqual([
      'fido2',
      'hardwareOath',
      'microsoftAuthenticator',
      'sms',
      'softwareOath',
      'voice',
    ])
    expect(found.get('sms')).toMatchObject({
      enabled: true,
      include: [{id: 'all_users', isUsableForSignIn: true}],
      exclude: ['g9'],
    })
    expect(found.get('voice')).toMatchObject({enabled: false, include: [], isOfficePhoneAllowed: false})
    expect(found.get('microsoftAuthenticator')).toMatchObject({enabled: true, isSoftwareOathEnabled: true})
    expect(found.get('hardwareOath')).toMatchObject({enabled: true, include: [{id: 'g2'}]})
    expect(found.get('softwareOath')).toMatchObject({enabled: false})
  })

  it('without it', async () => {
    const {directory} = await directoryOver({
      '/v1.0/policies/authenticationMethodsPolicy': {body: {policyMigrationState: null}},
    })
    const policy = await directory.methodsPolicy(live())
    expect(policy.migrationState).toBeUndefined()
    expect(policy.configurations.every((configuration) => !configuration.enabled)).toBe(true)
  })
})

it('knows its tenant, and says so where Graph does not', async () => {
  const {directory} = await directoryOver({'/v1.0/organization': list({id: 'tenant-1'})})
  expect(await directory.tenantId(live())).toBe('tenant-1')
  const empty = await directoryOver({'/v1.0/organization': list()})
  expect(await rejection(empty.directory.tenantId(live()))).toMatchObject({
    code: 'TENANT_UNKNOWN',
    exit: 'unavailable',
  })
})
