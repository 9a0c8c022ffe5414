import {afterEach, beforeAll, describe, expect, it} from 'vitest'

import {refusalError} from '../../src/lib/entra/auth/refusals.js'
import type {OwnCertificate} from '../../src/lib/ports/certificates.js'
import {removeKeys} from '../../src/lib/registration/remove-keys.js'
import {checkCloud} from '../../src/lib/registration/clouds.js'
import type {ConfigureRequest} from '../../src/lib/registration/configure-request.js'
import {configure} from '../../src/lib/registration/configure.js'
import type {SandboxOptions} from '../../src/lib/sandbox/server.js'
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
const MIGRATE: ConfigureRequest = {...CONFIGURE, features: ['migrate']}
let supply: readonly OwnCertificate[]
let worlds: RegistrationWorld[] = []
beforeAll(async () => {
  supply = await makeOwnCertificates(3)
})
afterEach(async () => {
  for (const world of worlds) await world.stop()
  worlds = []
})

async function open(options: Partial<SandboxOptions> = {}): Promise<RegistrationWorld> {
  const world = await registrationWorld(supply, options)
  worlds.push(world)
  return world
}
const run = (world: RegistrationWorld, request: ConfigureRequest = MIGRATE, options: ProcessOptions = {}) => {
  const process = startProcess(world, options)
  return configure(request, process.deps, signal)
}

describe('each of these gets its own message and exit code', () => {
  it('a role that is too low: nothing is made', async () => {
    const world = await open({personRoles: ['Global Reader']})
    await expect(run(world)).rejects.toMatchObject({
      code: 'ROLE_TOO_LOW',
      exit: 'auth',
      fix: expect.stringContaining('Application Administrator'),
    })
    expect(await registered(world)).toEqual([])
    expect(world.config.values).toEqual({})
    expect(world.certificates.files.size).toBe(0)
  })

  it('consent that is missing: who may give it, and where; afterwards the same command ends it', async () => {
    const world = await open({
      personRoles: ['Application Administrator'],
      consentRoles: ['Privileged Role Administrator'],
    })
    const failed = await run(world).catch((error: unknown) => error)
    expect(failed).toMatchObject({
      code: 'CONSENT_MISSING',
      exit: 'auth',
      message: expect.stringContaining('User.Read.All'),
      fix: expect.stringContaining('Privileged Role Administrator'),
    })
    // What the person could do is done and remembered.
    expect((await registered(world))[0]?.keys).toHaveLength(1)
    expect(world.config.values).toMatchObject({tenant: 'contoso.com'})
    const address = /http\S+adminconsent\S+/.exec(String((failed as {fix?: string}).fix))?.[0] ?? ''
    expect((await fetch(address, {redirect: 'manual'})).status).toBe(302)
    const report = await run(world)
    expect(report.permissions.map(({granted}) => granted)).toEqual([true, true, true, true, true])
    expect((await run(world)).changes).toBe(0)
  })

  it('waits for consent, and goes on when it is given', async () => {
    const world = await open({
      personRoles: ['Application Administrator'],
      consentRoles: ['Privileged Role Administrator'],
    })
    const {deps, ui, clock} = startProcess(world)
    const emit = ui.emit.bind(ui)
    let consented: Promise<unknown> | undefined
    ui.emit = (event) => {
      emit(event)
      const address = event.type === 'note' ? /http\S+adminconsent\S+/.exec(event.text)?.[0] : undefined
      if (address !== undefined) consented = fetch(address, {redirect: 'manual'})
    }
    const report = await configure({...MIGRATE, waitMs: 24 * 3_600_000}, deps, signal)
    expect((await (consented as Promise<Response>)).status).toBe(302)
    expect(report.proof?.tried.get('User.Read.All')).toBe('works')
    expect(clock.sleeps).toContain(5000)
  })

  it('a certificate that expired', async () => {
    const world = await open()
    const [own] = supply
    if (own === undefined) throw new Error('no certificate')
    const past = new Date(Date.now() - 86_400_000)
    world.certificates.files.set(FILE, {...own, facts: {...own.facts, notAfter: past}})
    await expect(run(world)).rejects.toMatchObject({
      code: 'CERTIFICATE_EXPIRED',
      exit: 'auth',
      fix: expect.stringContaining('mfa app certificate rotate'),
    })
    expect(await registered(world)).toEqual([])
  })

  it.each([
    {minutes: 10, says: '10 min ahead'},
    {minutes: -20, says: '20 min behind'},
  ])('a clock that is $says', async ({minutes, says}) => {
    const world = await open({now: () => new Date(Date.now() - minutes * 60_000)})
    await expect(run(world)).rejects.toMatchObject({
      code: 'CLOCK_WRONG',
      exit: 'auth',
      message: expect.stringContaining(says),
    })
  })

  it('a wrong tenant', async () => {
    const world = await open()
    await run(world)
    const {deps} = startProcess(world)
    const identity = {
      tenantId: 'bbbbbbbb-0000-4000-8000-000000000002',
      appId: String(world.config.values['clientId']),
      certificate: await world.certificates.read(FILE),
    }
    await expect(deps.signIn.signIn(identity, signal)).rejects.toMatchObject({
      code: 'TENANT_NOT_FOUND',
      exit: 'auth',
      fix: expect.stringContaining('--tenant'),
    })
  })

  it('a wrong cloud', () => {
    const refusal = {status: 400, error: 'invalid_request', description: 'AADSTS900382: Confidential Client is not supported in Cross Cloud request.'} // prettier-ignore
    expect(refusalError(refusal, {tenant: 'contoso.us', clientId: 'x', cloud: 'global'})).toMatchObject({
      code: 'WRONG_CLOUD',
      exit: 'auth',
      fix: expect.stringContaining('--cloud'),
    })
  })

  it('an app that was deleted meanwhile', async () => {
    const world = await open()
    const {application} = await run(world)
    const {deps} = startProcess(world)
    await deps.registrations.deleteApplication(application?.objectId ?? '', signal)
    const which = {...MIGRATE.which, appId: application?.appId, appIdFrom: 'mfa.config.json: clientId'}
    await expect(run(world, {...MIGRATE, which})).rejects.toMatchObject({
      code: 'APP_GONE',
      exit: 'refused',
      message: expect.stringContaining('mfa.config.json: clientId'),
      fix: expect.stringContaining('--new'),
    })
    const certificate = await world.certificates.read(FILE)
    const identity = {tenantId: deps.tenantId, appId: application?.appId ?? '', certificate}
    await expect(deps.signIn.signIn(identity, signal)).rejects.toMatchObject({
      code: 'APP_NOT_FOUND',
      exit: 'auth',
    })
    const anew = await run(world, {...MIGRATE, which, createNew: true})
    expect(anew.application?.appId).not.toBe(application?.appId)
  })

  it('as many key credentials as the directory allows', async () => {
    const world = await open()
    const full: typeof fetch = async (input, init) => {
      if (init?.method !== 'PATCH') return fetch(input, init)
      const error = {
        code: 'Directory_QuotaExceeded',
        message: 'The directory object quota limit was exceeded.',
      }
      return Response.json({error}, {status: 403})
    }
    await expect(run(world, MIGRATE, {fetch: full})).rejects.toMatchObject({
      code: 'DIRECTORY_QUOTA',
      exit: 'refused',
      message: expect.stringContaining('certificates'),
      fix: expect.stringContaining('mfa app certificate remove'),
    })
    expect((await run(world)).permissions.every(({granted}) => granted)).toBe(true)
  })

  it('several applications of the name, and settings of another tenant', async () => {
    const world = await open()
    const {deps} = startProcess(world)
    for (const _ of [1, 2])
      await deps.registrations.createApplication({displayName: MIGRATE.which.displayName}, signal)
    await expect(run(world)).rejects.toMatchObject({
      code: 'APP_AMBIGUOUS',
      exit: 'usage',
      fix: expect.stringContaining('--client-id'),
    })
    world.config.values = {tenant: 'fabrikam.example', clientId: 'cccccccc-0000-4000-8000-000000000003'}
    const which = {displayName: 'another', nameGiven: true}
    await expect(run(world, {...MIGRATE, which})).rejects.toMatchObject({
      code: 'CONFIG_OTHER_TENANT',
      exit: 'refused',
      fix: expect.stringContaining('--config'),
    })
    world.config.values = {...world.config.values, tenant: 'sandbox'}
    await expect(run(world, {...MIGRATE, which})).rejects.toMatchObject({
      code: 'CONFIG_OTHER_TENANT',
      fix: expect.stringMatching(/rehearsal.*delete/),
    })
    expect(await deps.registrations.byName('another', signal)).toEqual([])
  })

  it('a feature that the cloud does not have, before anything is asked', async () => {
    const world = await open()
    const asked = world.sandbox.stats().requests
    await expect(run(world, {...CONFIGURE, cloud: 'china'})).rejects.toMatchObject({
      code: 'NOT_IN_CLOUD',
      exit: 'refused',
      message: expect.stringContaining('staged rollout'),
    })
    expect(world.sandbox.stats().requests).toBe(asked)
    expect(checkCloud('china', ['sync'])).toHaveLength(1)
    expect(checkCloud('global', ['sync', 'rollout'])).toEqual([])
  })

  it('a permission that is granted and refused all the same: everything else is done, and it is said', async () => {
    const world = await open()
    const strict: typeof fetch = async (input, init) => {
      if (!String(input instanceof Request ? input.url : input).includes('/policies/'))
        return fetch(input, init)
      const error = {code: 'Authorization_RequestDenied', message: 'Insufficient privileges.'}
      return Response.json({error}, {status: 403})
    }
    const report = await run(world, MIGRATE, {fetch: strict})
    const refused = report.permissions.filter(({tried}) => tried === 'refused').map(({name}) => name)
    expect(refused).toEqual(['Policy.ReadWrite.AuthenticationMethod', 'Policy.Read.All'])
    expect(report.permissions.every(({granted}) => granted)).toBe(true)
    expect(world.config.values['clientId']).toBe(report.application?.appId)
  })

  it('the last certificate that works', async () => {
    const world = await open()
    await run(world)
    const remove = (force: boolean) => {
      const {deps} = startProcess(world)
      const named = [supply[0]?.facts.thumbprintSha1.slice(0, 8) ?? '']
      const request = {command: 'mfa app certificate remove', which: MIGRATE.which, named, expired: false, force, yes: true, consistencyMs: 5000, preview: async () => {}} // prettier-ignore
      return removeKeys(request, deps, signal)
    }
    await expect(remove(false)).rejects.toMatchObject({code: 'LAST_CERTIFICATE', exit: 'refused'})
    expect(await remove(true)).toHaveLength(1)
    expect((await registered(world))[0]?.keys).toEqual([])
  })
})
