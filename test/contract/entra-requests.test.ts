import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {createDirectory} from '../../src/lib/entra/directory.js'
import {createMethodWriter} from '../../src/lib/entra/method-writer.js'
import {PHONE_IDS} from '../../src/lib/entra/methods.js'
import {createGraph, type Graph} from '../../src/lib/entra/transport/graph.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import {OathSecret} from '../../src/lib/model/secret.js'
import {isReadFailure, type Directory} from '../../src/lib/ports/directory.js'
import type {MethodWriter, NewToken} from '../../src/lib/ports/method-writer.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {FakeClock} from '../fakes/clock.js'
import {faultsOf, recordingFetch, type Exchange} from './exchanges.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'

const ADA = '00000101-0000-4000-8000-00000000000a' as ObjectId
const BO = '00000102-0000-4000-8000-00000000000b' as ObjectId
const GUEST = '00000103-0000-4000-8000-00000000000c' as ObjectId
const PILOT = '00000201-0000-4000-8000-000000000001' as ObjectId
const GUEST_NAME = 'gia_example.com#EXT#@contoso.onmicrosoft.com'
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

const tenant: TenantFile = {
  tenantId: 'c0de0000-1111-4222-8333-444455556666',
  displayName: 'Contoso (invented)',
  domains: ['contoso.com', 'contoso.onmicrosoft.com'],
  users: [
    {
      id: ADA,
      userPrincipalName: "ada.o'neil+mfa@contoso.com",
      displayName: 'Ada',
      onPremisesSyncEnabled: true,
      onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1101',
      onPremisesSamAccountName: "o'neil",
      onPremisesDomainName: 'corp.contoso.com',
    },
    {
      id: BO,
      userPrincipalName: 'bo@contoso.com',
      displayName: 'Bo',
      phoneMethods: [{phoneType: 'mobile', phoneNumber: '+1 4255550101'}],
      microsoftAuthenticatorMethods: [{displayName: 'Bo phone', phoneAppVersion: '6.8'}],
      softwareOathMethods: [{}],
      fido2Methods: [{displayName: 'Key', model: 'Invented'}],
      signInPreferences: {userPreferredMethodForSecondaryAuthentication: 'sms'},
    },
    {id: GUEST, userPrincipalName: GUEST_NAME, displayName: 'Gia', userType: 'Guest'},
  ],
  groups: [
    {id: PILOT, displayName: "Pilot & Ada's #1", members: [ADA, '00000202-0000-4000-8000-000000000002']},
    {id: '00000202-0000-4000-8000-000000000002', displayName: 'Inner', members: [BO, GUEST, ADA]},
    {id: '00000203-0000-4000-8000-000000000003', displayName: 'Twin', members: []},
    {id: '00000204-0000-4000-8000-000000000004', displayName: 'Twin', members: []},
  ],
  hardwareOathDevices: [
    {
      serialNumber: 'BO#1',
      manufacturer: 'Invented',
      model: 'T',
      secretKey: SEED,
      timeIntervalInSeconds: 60,
      assignedTo: BO,
      activated: true,
    },
  ],
  authenticationMethodsPolicy: {
    policyMigrationState: 'migrationComplete',
    authenticationMethodConfigurations: [
      {
        id: 'Sms',
        state: 'enabled',
        includeTargets: [
          {targetType: 'group', id: 'all_users', isRegistrationRequired: false, isUsableForSignIn: true},
        ],
      },
      {
        id: 'HardwareOath',
        state: 'enabled',
        includeTargets: [{targetType: 'group', id: 'all_users', isRegistrationRequired: false}],
      },
    ],
  },
}

const {signal} = new AbortController()
let sandbox: Sandbox
const exchanges: Exchange[] = []
let graph: Graph
let directory: Directory
let writer: MethodWriter
let warnings: string[]

const recording = recordingFetch(exchanges)

async function start(faults?: Faults): Promise<void> {
  const clock = new FakeClock(new Date().toISOString())
  sandbox = await startSandbox({stateFile: ':memory:', tenant, faults, now: () => clock.now()})
  graph = createGraph({
    rootUrl: sandbox.rootUrl,
    token: () => Promise.resolve(sandbox.issueToken()),
    clock,
    fetch: recording,
    random: () => 0.5,
  })
  directory = createDirectory(graph, {warn: (text) => warnings.push(text)})
  writer = createMethodWriter(graph, clock)
}

beforeEach(async () => {
  exchanges.length = 0
  warnings = []
  await start()
})

/** Whatever the test did: nothing was sent, and nothing answered, that Graph's description does not know. */
afterEach(async () => {
  await sandbox.stop()
  expect(faultsOf(exchanges)).toEqual([])
})

async function methodsOf(user: ObjectId) {
  const methods = (await directory.methods([user], signal)).get(user)
  if (methods === undefined || isReadFailure(methods)) throw new Error(`not read: ${methods?.message}`)
  return methods
}

const token = (serialNumber: string): NewToken => ({
  serialNumber,
  manufacturer: 'MFA Server',
  model: 'Mobile app',
  timeIntervalInSeconds: 30,
  hashFunction: 'hmacsha1',
  secret: new OathSecret(SEED.toLowerCase()),
})

describe('reading', () => {
  it('tenant, groups and users', async () => {
    expect(await directory.tenantId(signal)).toBe(tenant.tenantId)
    const group = await directory.findGroup("Pilot & Ada's #1", signal)
    expect(group).toEqual({id: PILOT, displayName: "Pilot & Ada's #1", isDynamic: false})
    expect(await directory.findGroup(PILOT, signal)).toEqual(group)
    await expect(directory.findGroup('Twin', signal)).rejects.toMatchObject({
      exit: 'usage',
      code: 'GROUP_AMBIGUOUS',
    })
    await expect(directory.findGroup('Nobody', signal)).rejects.toMatchObject({
      exit: 'usage',
      code: 'GROUP_NOT_FOUND',
    })
    const found = []
    for await (const page of directory.members(PILOT, signal)) found.push(...page)
    expect(found.map((user) => user.id).sort()).toEqual([ADA, BO, GUEST])
    expect(found.find((user) => user.id === ADA)).toMatchObject({
      isGuest: false,
      onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-1101',
      onPremisesDomainName: 'corp.contoso.com',
    })
    for (const name of [GUEST_NAME, "ada.o'neil+mfa@contoso.com", BO]) {
      expect(await directory.findUser(name, signal)).toBeDefined()
    }
    expect(await directory.findUser('gone@contoso.com', signal)).toBeUndefined()
    const byName = await directory.usersBySamAccountName(["O'NEIL", 'nobody'], signal)
    expect([...byName].map(([name, users]) => [name, users.map((user) => user.id)])).toEqual([
      ["o'neil", [ADA]],
    ])
    expect((await directory.usersBySamAccountName(["o'neil"], signal)).size).toBe(1)
  })

  it('methods, tokens and policy', async () => {
    const gone = '00000199-0000-4000-8000-000000000999' as ObjectId
    const read = await directory.methods([ADA, BO, GUEST, gone], signal)
    expect(read.get(gone)).toMatchObject({code: expect.any(String), requestId: expect.any(String)})
    expect(read.get(ADA)).toMatchObject({
      phones: [],
      hardwareOath: [],
      systemPreferred: false,
      preferred: undefined,
    })
    expect(read.get(BO)).toMatchObject({
      phones: [{slot: 'mobile', number: expect.stringMatching(/4255550101$/), id: PHONE_IDS.mobile}],
      authenticators: [{displayName: 'Bo phone', phoneAppVersion: '6.8'}],
      softwareOath: [{}],
      hardwareOath: [{serialNumber: 'BO#1', status: 'activated'}],
      others: expect.arrayContaining([expect.objectContaining({type: 'fido2'})]),
      preferred: 'sms',
    })
    const tokens = await directory.tokens(['BO#1', 'nothing'], signal)
    expect([...tokens.keys()]).toEqual(['BO#1'])
    expect(tokens.get('BO#1')).toMatchObject([
      {assignedTo: BO, timeIntervalInSeconds: 60, status: 'activated'},
    ])
    const policy = await directory.methodsPolicy(signal)
    expect(policy.migrationState).toBe('migrationComplete')
    const enabled = policy.configurations.filter((one) => one.enabled).map((one) => one.method)
    expect(enabled).toEqual(expect.arrayContaining(['sms', 'hardwareOath']))
    expect(warnings).toEqual([])
  })
})

describe('writing', () => {
  it('phones and the default', async () => {
    const set = (
      slot: 'mobile' | 'alternateMobile' | 'office',
      number: string,
      change: 'create' | 'replace' = 'create',
    ) => writer.setPhone(ADA, {slot, number, change}, signal)
    expect(await set('alternateMobile', '+1 4255550103')).toMatchObject({status: 'failed'})
    expect(await set('mobile', '+1 4255550102')).toMatchObject({status: 'done'})
    expect(await set('mobile', '+1 4255550102')).toMatchObject({status: 'already-done'})
    expect(await set('mobile', '+1 4255550199')).toMatchObject({status: 'failed', code: 'slot-taken'})
    expect(await set('mobile', '+1 4255550199', 'replace')).toMatchObject({status: 'done'})
    expect(await set('alternateMobile', '+1 4255550103')).toMatchObject({status: 'done'})
    expect(await set('office', '+1 4255550104x22')).toMatchObject({status: 'done'})
    const {phones} = await methodsOf(ADA)
    expect(phones.map((phone) => phone.slot).sort()).toEqual(['alternateMobile', 'mobile', 'office'])
    expect(phones.find((phone) => phone.slot === 'mobile')?.smsSignInState).toBe('ready')
    expect(await writer.disableSmsSignIn(ADA, PHONE_IDS.mobile, signal)).toMatchObject({status: 'done'})
    expect((await methodsOf(ADA)).phones.find((phone) => phone.slot === 'mobile')?.smsSignInState).not.toBe(
      'ready',
    )
    expect((await writer.disableSmsSignIn(ADA, PHONE_IDS.mobile, signal)).status).toMatch(/done$/)
    for (const method of ['voiceMobile', 'voiceAlternateMobile', 'voiceOffice', 'sms'] as const) {
      expect(await writer.setDefault(ADA, method, signal)).toMatchObject({status: 'done'})
      expect((await methodsOf(ADA)).preferred).toBe(method)
    }
  })

  it('tokens, from the inventory to the user and back', async () => {
    const created = await writer.createToken(token('MFAS-ABC'), signal)
    expect(created).toMatchObject({status: 'done', deviceId: expect.any(String)})
    const deviceId = created.deviceId ?? ''
    expect(await writer.createToken(token('MFAS-ABC'), signal)).toMatchObject({
      status: 'failed',
      code: 'serial-taken',
    })
    const change = {
      manufacturer: 'Contoso',
      model: 'Y',
      timeIntervalInSeconds: 30,
      hashFunction: 'hmacsha1',
    } as const
    expect(await writer.updateToken(deviceId, change, signal)).toMatchObject({status: 'done'})
    const assigned = await writer.assignToken(ADA, deviceId, signal)
    expect(assigned).toMatchObject({status: 'done', methodId: expect.any(String)})
    expect(await writer.assignToken(ADA, deviceId, signal)).toMatchObject({
      status: 'already-done',
      methodId: assigned.methodId,
    })
    const methodId = assigned.methodId ?? ''
    const wrong = {...token('MFAS-ABC'), secret: new OathSecret('A'.repeat(32))}
    expect(await writer.activateToken(ADA, methodId, wrong, signal)).toMatchObject({
      status: 'failed',
      code: 'activation-refused',
    })
    expect(await writer.activateToken(ADA, methodId, token('MFAS-ABC'), signal)).toMatchObject({
      status: 'done',
    })
    expect((await methodsOf(ADA)).hardwareOath).toEqual([
      {id: methodId, deviceId, serialNumber: 'MFAS-ABC', status: 'activated'},
    ])
    expect(await writer.setDefault(ADA, 'oath', signal)).toMatchObject({status: 'done'})
    expect(await writer.deleteToken(deviceId, signal)).toMatchObject({status: 'failed'})
    expect(await writer.unassignToken(ADA, methodId, signal)).toMatchObject({status: 'done'})
    expect(await writer.unassignToken(ADA, methodId, signal)).toMatchObject({status: 'already-done'})
    expect(await writer.deleteToken(deviceId, signal)).toMatchObject({status: 'done'})
    expect(await writer.deleteToken(deviceId, signal)).toMatchObject({status: 'already-done'})
    expect((await directory.tokens(['MFAS-ABC'], signal)).size).toBe(0)
  })

  it('side by side, in batches', async () => {
    const users = [ADA, BO, GUEST]
    const outcomes = await Promise.all(
      users.map((user, index) =>
        writer.setPhone(user, {slot: 'office', number: `+1 425555011${index}`, change: 'create'}, signal),
      ),
    )
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['done', 'done', 'done'])
    expect(exchanges.map((exchange) => exchange.path)).toEqual(['/$batch'])
  })
})

it('lives with a service that throttles, fails and loses answers', async () => {
  await sandbox.stop()
  await start({bareThrottle: 0.2, throttle: 0.1, error: 0.1, reset: 0.05, seed: 7})
  for (let round = 0; round < 10; round++) {
    const read = await directory.methods([ADA, BO, GUEST], signal)
    expect([...read.values()].filter((methods) => isReadFailure(methods))).toEqual([])
  }
  await sandbox.stop()
  await start({lost: 1})
  const outcome = await writer.setPhone(
    ADA,
    {slot: 'mobile', number: '+1 4255550102', change: 'create'},
    signal,
  )
  expect(outcome.status).toBe('unknown')
  expect(sandbox.dump().users.find((user) => user.id === ADA)?.phoneMethods).toHaveLength(1)
})

it('is held against the description of Graph, which refuses what Graph would', ({skip}) => {
  const description = graphDescription()
  if (description === undefined) {
    skip(SKIP_REASON)
    return
  }
  const path = `/users/${ADA}/authentication/phoneMethods`
  const body = {phoneNumber: '+1 4255550102', phoneType: 'mobile', smsSignInState: 'ready'}
  expect(description.checkRequest({version: 'v1.0', method: 'POST', path, body})).not.toEqual([])
})
