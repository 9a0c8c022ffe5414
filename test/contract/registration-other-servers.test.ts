import {beforeAll, describe, expect, it} from 'vitest'

import type {OwnCertificate} from '../../src/lib/ports/certificates.js'
import {configure} from '../../src/lib/registration/configure.js'
import {removeRegistration} from '../../src/lib/registration/remove.js'
import {rotate} from '../../src/lib/registration/rotate.js'
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

const {signal} = new AbortController()
const MIGRATE = {...CONFIGURE, features: ['migrate'] as const}
let supply: readonly OwnCertificate[]
beforeAll(async () => {
  supply = await makeOwnCertificates(3)
})

const urlOf = (input: Parameters<typeof fetch>[0]) => new URL(input instanceof Request ? input.url : input)
const notFound = () =>
  Response.json({error: {code: 'Request_ResourceNotFound', message: 'Resource not found.'}}, {status: 404})

/** A service that does not take the application id as a key in the address. */
const withoutKeys: typeof fetch = async (input, init) =>
  urlOf(input).pathname.includes('(appId=') ? notFound() : fetch(input, init)

const withoutGrants: typeof fetch = async (input, init) =>
  urlOf(input).pathname.endsWith('/oauth2PermissionGrants') ? notFound() : fetch(input, init)

/** Shows neither certificates nor their thumbprints. */
const withoutThumbprints: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (init?.method === 'PATCH' || !/\/applications\b/.test(urlOf(input).pathname)) return response
  const body: unknown = await response.json()
  const text = JSON.stringify(body, (name, value: unknown) =>
    name === 'key' || name === 'customKeyIdentifier' ? null : value,
  )
  return new Response(text, {status: response.status, headers: response.headers})
}

async function twice(world: RegistrationWorld, options: ProcessOptions) {
  const first = await configure(MIGRATE, startProcess(world, options).deps, signal)
  const second = await configure(MIGRATE, startProcess(world, options).deps, signal)
  return {first, second}
}

describe('services that answer in another way', () => {
  it.each([
    ['takes no application id as a key', withoutKeys],
    ['has no delegated grants', withoutGrants],
    ['shows no thumbprints', withoutThumbprints],
  ])('one that %s: configures once, then changes nothing', async (_, answers) => {
    const world = await registrationWorld(supply)
    const {first, second} = await twice(world, {fetch: answers})
    expect(first.permissions.every(({granted}) => granted)).toBe(true)
    expect(first.proof?.app).toBeDefined()
    expect(second.changes).toBe(0)
    const [only, ...others] = await registered(world)
    expect(others).toEqual([])
    expect(only?.keys).toEqual([supply[0]?.facts.thumbprintSha256])
    await world.stop()
  })

  it('finds the application of the settings where its id is no key', async () => {
    const world = await registrationWorld(supply)
    const {application} = await configure(MIGRATE, startProcess(world).deps, signal)
    const which = {...MIGRATE.which, appId: application?.appId ?? ''}
    const again = await configure({...MIGRATE, which}, startProcess(world, {fetch: withoutKeys}).deps, signal)
    expect(again.changes).toBe(0)
    const other = {...MIGRATE.which, appId: '00000000-0000-4000-8000-00000000dead'}
    const gone = configure({...MIGRATE, which: other}, startProcess(world, {fetch: withoutKeys}).deps, signal)
    await expect(gone).rejects.toMatchObject({code: 'APP_GONE', exit: 'refused'})
    await world.stop()
  })

  it('removes the old certificate after a rotation, and in the end all, where no thumbprints are shown', async () => {
    const world = await registrationWorld(supply)
    await configure(MIGRATE, startProcess(world, {fetch: withoutThumbprints}).deps, signal)
    const certificate = {file: FILE, mayMake: false, commonName: 'mfa on host', days: 365}
    const report = await rotate(
      {
        command: 'mfa app certificate rotate',
        which: MIGRATE.which,
        by: {kind: 'graph'},
        certificate,
        keepOldMs: 0,
        yes: true,
        consistencyMs: 5000,
        preview: async () => {},
      },
      startProcess(world, {fetch: withoutThumbprints}).deps,
      signal,
    )
    expect(report).toMatchObject({did: 'rotated', oldStays: undefined})
    expect((await registered(world))[0]?.keys).toEqual([supply[1]?.facts.thumbprintSha256])
    const removed = await removeRegistration(
      {
        command: 'mfa app remove',
        which: MIGRATE.which,
        force: false,
        keyFiles: true,
        yes: true,
        dryRun: false,
        consistencyMs: 5000,
        preview: async () => {},
      },
      startProcess(world, {fetch: withoutThumbprints}).deps,
      signal,
    )
    expect(removed.deleted).toBe(true)
    expect(await registered(world)).toEqual([])
    await world.stop()
  })
})

it('waits where the sign-in does not know the service principal yet', async () => {
  const world = await registrationWorld(supply)
  let refusals = 0
  const late: typeof fetch = async (input, init) => {
    if (!urlOf(input).pathname.endsWith('/oauth2/v2.0/token') || refusals === 2) return fetch(input, init)
    refusals += 1
    const error_description =
      'AADSTS7000229: The client application is missing service principal in the tenant.'
    return Response.json({error: 'unauthorized_client', error_description}, {status: 400})
  }
  const {proof} = await configure(MIGRATE, startProcess(world, {fetch: late}).deps, signal)
  expect(refusals).toBe(2)
  expect(proof?.app).toBeDefined()
  await world.stop()
})

describe('another application beside one of the same name', () => {
  const NEW = {...MIGRATE, createNew: true}
  const begin = async () => {
    const world = await registrationWorld(supply)
    const {deps} = startProcess(world)
    const {displayName} = MIGRATE.which
    const {made} = await deps.registrations.createApplication({displayName}, signal)
    return {world, stranger: made?.['objectId'] ?? ''}
  }
  const keysOf = async (world: RegistrationWorld, objectId: string) =>
    (await startProcess(world).deps.registrations.byObjectId(objectId, signal))?.keys

  it.each([
    ['was lost on the way there', false],
    ['was lost on the way back', true],
  ])('is not taken for it when the request %s', async (_, happens) => {
    const {world, stranger} = await begin()
    let cut = false
    const losing: typeof fetch = async (input, init) => {
      if (cut || init?.method !== 'POST' || !urlOf(input).pathname.endsWith('/applications'))
        return fetch(input, init)
      cut = true
      if (happens) await fetch(input, init)
      throw new TypeError('fetch failed', {cause: Object.assign(new Error('reset'), {code: 'ECONNRESET'})})
    }
    const {application} = await configure(NEW, startProcess(world, {fetch: losing}).deps, signal)
    expect(cut).toBe(true)
    expect(application?.objectId).not.toBe(stranger)
    expect(await keysOf(world, stranger)).toEqual([])
    expect(await registered(world)).toHaveLength(2)
    await world.stop()
  })

  it('is not taken for it when the command is killed and run again', async () => {
    const whole = await begin()
    const process = startProcess(whole.world)
    await configure(NEW, process.deps, signal)
    await whole.world.stop()
    for (let killAt = 1; killAt <= process.steps(); killAt += 2) {
      const {world, stranger} = await begin()
      await expect(configure(NEW, startProcess(world, {killAt}).deps, signal)).rejects.toThrow(
        /killed|broke before/,
      )
      world.store.locks.clear()
      const {application} = await configure(NEW, startProcess(world).deps, signal)
      expect(application?.objectId, `killed at step ${killAt}`).not.toBe(stranger)
      expect(await keysOf(world, stranger), `killed at step ${killAt}`).toEqual([])
      expect(await registered(world), `killed at step ${killAt}`).toHaveLength(2)
      await world.stop()
    }
  }, 60_000)
})
