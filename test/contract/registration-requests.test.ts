import {afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'

import type {OwnCertificate} from '../../src/lib/ports/certificates.js'
import {removeKeys} from '../../src/lib/registration/remove-keys.js'
import {rotate} from '../../src/lib/registration/rotate.js'
import type {ConfigureRequest} from '../../src/lib/registration/configure-request.js'
import {configure} from '../../src/lib/registration/configure.js'
import {FEATURES, NEEDS} from '../../src/lib/registration/features.js'
import {removeRegistration} from '../../src/lib/registration/remove.js'
import {showRegistration} from '../../src/lib/registration/show.js'
import {readTenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {CONTOSO} from '../helpers/mfa.js'
import {
  CONFIGURE,
  FILE,
  makeOwnCertificates,
  registered,
  registrationWorld,
  startProcess,
  type ProcessOptions,
  type RegistrationWorld,
} from '../helpers/registration-world.js'
import {faultsOf, recordingFetch, type Exchange} from './exchanges.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'

const description = graphDescription()
const {signal} = new AbortController()
const quiet = {yes: true, consistencyMs: 5000, preview: async () => {}} as const

let supply: readonly OwnCertificate[]
let world: RegistrationWorld
const exchanges: Exchange[] = []
const recording = recordingFetch(exchanges)
const process = (options: ProcessOptions = {}) => startProcess(world, {fetch: recording, ...options})
const run = (request: ConfigureRequest, options: ProcessOptions = {}) =>
  configure(request, process(options).deps, signal)

beforeAll(async () => {
  supply = await makeOwnCertificates(3)
})
beforeEach(async () => {
  exchanges.length = 0
  world = await registrationWorld(supply, {tenant: await readTenantFile(`${CONTOSO}/tenant.json`)})
})
/** Whatever the test did: nothing was sent, and nothing answered, that Graph's description does not know. */
afterEach(async () => {
  await world.stop()
  expect(faultsOf(exchanges)).toEqual([])
})

describe(`registering${description === undefined ? ` ${SKIP_REASON}` : ''}`, () => {
  it('configures, shows, rotates, removes a certificate, and leaves nothing behind', async () => {
    const report = await run(CONFIGURE)
    expect([...(report.proof?.tried ?? [])]).toEqual([
      ['User.Read.All', 'works'],
      ['GroupMember.Read.All', 'works'],
      ['UserAuthenticationMethod.ReadWrite.All', 'works'],
      ['Policy.ReadWrite.AuthenticationMethod', 'works'],
      ['Policy.Read.All', 'works'],
      // Nothing can be read with it.
      ['Group.Create', 'untried'],
      ['GroupMember.ReadWrite.All', 'works'],
    ])
    const {which} = CONFIGURE
    await process().deps.journal.permissionsUsed(report.tenantId, report.application?.appId ?? '', ['User.Read.All'], '2027-01-01T00:00:00.000Z') // prettier-ignore
    const view = await showRegistration(
      {which, features: ['migrate'], certificate: {file: FILE}},
      process().deps,
      signal,
    )
    expect(view.certificates).toMatchObject([
      {file: FILE, thumbprintSha256: supply[0]?.facts.thumbprintSha256},
    ])
    expect(view.permissions.filter(({used}) => used !== undefined).map(({name}) => name)).toEqual([
      'User.Read.All',
      'Directory.ReadWrite.All',
    ])
    expect(view.permissions.filter(({needed}) => !needed).map(({name}) => name)).toEqual([
      'Group.Create',
      'GroupMember.ReadWrite.All',
      'Directory.ReadWrite.All',
      'UserAuthenticationMethod.Read.All',
    ])

    const certificate = {file: FILE, mayMake: false, commonName: 'mfa on host', days: 365}
    const rotated = await rotate({command: 'rotate', which, by: {kind: 'graph'}, certificate, keepOldMs: 1, ...quiet}, process().deps, signal) // prettier-ignore
    expect(rotated.did).toBe('rotated')
    expect((await registered(world))[0]?.keys).toHaveLength(2)
    const named = [supply[0]?.facts.thumbprintSha256 ?? '']
    await removeKeys(
      {command: 'remove', which, named, expired: false, force: false, ...quiet},
      process().deps,
      signal,
    )
    expect((await registered(world))[0]?.keys).toEqual([supply[1]?.facts.thumbprintSha256])
    const removed = await removeRegistration({command: 'remove', which, force: false, keyFiles: true, dryRun: false, ...quiet}, process().deps, signal) // prettier-ignore
    expect(removed.deleted).toBe(true)
    expect(await registered(world)).toEqual([])
    expect(world.config.values).toEqual({})
  })

  it('lets the application roll its own certificate, which asks for no permission', async () => {
    const {application} = await run({...CONFIGURE, features: ['audit']})
    const by = {
      kind: 'itself',
      appId: application?.appId ?? '',
      objectId: application?.objectId ?? '',
    } as const
    const certificate = {file: FILE, mayMake: false, commonName: 'mfa on host', days: 365}
    exchanges.length = 0
    const rotated = await rotate({command: 'rotate', which: CONFIGURE.which, by, certificate, keepOldMs: 0, ...quiet}, process({token: 'none'}).deps, signal) // prettier-ignore
    expect(rotated).toMatchObject({did: 'rotated', oldStays: undefined})
    expect(exchanges.map(({method, path}) => `${method} ${path.split('/').at(-1)}`)).toEqual([
      'POST addKey',
      'POST removeKey',
    ])
    expect((await registered(world))[0]?.keys).toEqual([supply[1]?.facts.thumbprintSha256])
  })

  it('completes an application that it found, and takes back only what it added', async () => {
    const {registrations} = process().deps
    const graph = await registrations.graph(signal)
    const audit = graph.permissions.find(
      ({name, kind}) => name === 'AuditLog.Read.All' && kind === 'application',
    )
    const made = await registrations.createApplication(
      {displayName: CONFIGURE.which.displayName, asksFor: [{id: audit?.id ?? '', kind: 'application'}]},
      signal,
    )
    const objectId = made.made?.['objectId'] ?? ''
    const other = supply[2]
    if (other === undefined) throw new Error('no certificate')
    await registrations.addKey(objectId, other.facts, signal)
    const before = await registered(world)
    const report = await run(CONFIGURE)
    expect(report.application?.objectId).toBe(objectId)
    expect((await registered(world))[0]?.keys).toEqual([
      other.facts.thumbprintSha256,
      supply[0]?.facts.thumbprintSha256,
    ])
    const removed = await removeRegistration({command: 'remove', which: CONFIGURE.which, force: false, keyFiles: false, dryRun: false, ...quiet}, process().deps, signal) // prettier-ignore
    expect(removed).toMatchObject({deleted: false, keptFiles: [FILE]})
    expect(await registered(world)).toEqual(before)
  })

  it('refuses to delete an application that others still sign in to', async () => {
    const {application} = await run(CONFIGURE)
    const {deps} = process()
    const other = supply[2]
    if (other === undefined) throw new Error('no certificate')
    await deps.registrations.addKey(application?.objectId ?? '', other.facts, signal)
    const remove = (force: boolean) =>
      removeRegistration({command: 'remove', which: CONFIGURE.which, force, keyFiles: true, dryRun: false, ...quiet}, process().deps, signal) // prettier-ignore
    await expect(remove(false)).rejects.toMatchObject({code: 'OTHERS_CERTIFICATES', exit: 'refused'})
    expect((await registered(world))[0]?.keys).toHaveLength(2)
    expect((await remove(true)).deleted).toBe(true)
  })

  it('prunes what is granted beyond need, and only then', async () => {
    await run({...CONFIGURE, features: ['migrate', 'audit', 'rollout']})
    const less = await run({...CONFIGURE, features: ['migrate']})
    expect(less.beyond.map(({permission}) => permission)).toContain('AuditLog.Read.All')
    expect((await registered(world))[0]?.roles).toContain('AuditLog.Read.All')
    const pruned = await run({...CONFIGURE, features: ['migrate'], prune: true})
    expect(pruned.beyond).toEqual([])
    expect((await registered(world))[0]?.roles).not.toContain('AuditLog.Read.All')
    expect((await registered(world))[0]?.scopes).toEqual([])
  })
})

describe.skipIf(description === undefined)('permissions of the features', () => {
  it('exist in Graph as the kind that they are asked for', async () => {
    const graph = await process().deps.registrations.graph(signal)
    const unknown = FEATURES.flatMap((feature) => NEEDS[feature]).filter(
      ({permission, kind}) =>
        !graph.permissions.some((each) => each.name === permission && each.kind === kind),
    )
    expect(unknown).toEqual([])
  })
})
