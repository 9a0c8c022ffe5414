import {beforeAll, describe, expect, it} from 'vitest'

import type {OwnCertificate} from '../../src/lib/ports/certificates.js'
import {rotate} from '../../src/lib/registration/rotate.js'
import {configure} from '../../src/lib/registration/configure.js'
import {removeRegistration} from '../../src/lib/registration/remove.js'
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
let supply: readonly OwnCertificate[]
beforeAll(async () => {
  supply = await makeOwnCertificates(3)
})

const ROTATE = {
  command: 'mfa app certificate rotate',
  which: CONFIGURE.which,
  by: {kind: 'graph'},
  certificate: {file: FILE, mayMake: false, commonName: 'mfa on host', days: 365},
  keepOldMs: 0,
  yes: true,
  consistencyMs: 10_000,
  preview: async () => {},
} as const

const run = async (world: RegistrationWorld, options: ProcessOptions = {}) => {
  const process = startProcess(world, options)
  const report = await configure(CONFIGURE, process.deps, signal)
  return {process, report}
}
/** As after a kill: the lock goes with the process. */
async function killed(world: RegistrationWorld, work: (world: RegistrationWorld) => Promise<unknown>) {
  await expect(work(world)).rejects.toThrow(/killed|broke before/)
  world.store.locks.clear()
}

const DONE = {
  isPublicClient: true,
  roles: [
    'Group.Create',
    'GroupMember.Read.All',
    'GroupMember.ReadWrite.All',
    'Policy.Read.All',
    'Policy.ReadWrite.AuthenticationMethod',
    'User.Read.All',
    'UserAuthenticationMethod.ReadWrite.All',
  ],
  scopes: ['Directory.ReadWrite.All', 'UserAuthenticationMethod.Read.All'],
}

/** Every third step in a plain run; all of them where MFA_TEST_ALL_KILLS is set. */
const STRIDE = process.env['MFA_TEST_ALL_KILLS'] === undefined ? 3 : 1
const points = (steps: number): readonly number[] =>
  Array.from({length: Math.ceil(steps / STRIDE)}, (_, index) => 1 + index * STRIDE)

describe('a kill at any step and the same command again', () => {
  it('configure ends in the same place, and once more changes nothing', {timeout: 120_000}, async () => {
    const whole = await registrationWorld(supply)
    const {process} = await run(whole)
    expect(await registered(whole)).toMatchObject([{...DONE, keys: [supply[0]?.facts.thumbprintSha256]}])
    await whole.stop()
    const steps = process.steps()
    expect(steps).toBeGreaterThan(60)

    for (const killAt of points(steps)) {
      const world = await registrationWorld(supply)
      await killed(world, (at) => run(at, {killAt}))
      const {report} = await run(world)
      const shown = await registered(world)
      expect(shown, `killed at step ${killAt}`).toMatchObject([DONE])
      expect(shown[0]?.keys, `killed at step ${killAt}`).toHaveLength(1)
      expect(report.permissions.every(({granted}) => granted)).toBe(true)
      expect(world.config.values['clientId']).toBe(report.application?.appId)
      const {writes} = world.sandbox.stats()
      const again = await run(world)
      expect(again.report.changes, `killed at step ${killAt}`).toBe(0)
      expect(world.sandbox.stats().writes).toBe(writes)
      expect([...world.store.runs.values()].filter(({status}) => status === 'open')).toEqual([])
      await world.stop()
    }
  })

  it.each(['graph', 'itself'] as const)(
    'rotate (by %s) always leaves a certificate that works, and ends with the new one alone',
    {timeout: 120_000},
    async (kind) => {
      const request = async (world: RegistrationWorld) => {
        const {clientId, clientObjectId} = world.config.values
        const itself = {kind, appId: String(clientId), objectId: String(clientObjectId)} as const
        return {...ROTATE, by: kind === 'graph' ? ({kind} as const) : itself}
      }
      const begin = async () => {
        const world = await registrationWorld(supply)
        await run(world)
        return world
      }
      const rotating = async (world: RegistrationWorld, options: ProcessOptions = {}) => {
        const process = startProcess(world, options)
        await rotate(await request(world), process.deps, signal)
        return process.steps()
      }
      const first = await begin()
      const steps = await rotating(first)
      await first.stop()
      expect(steps).toBeGreaterThan(12)

      for (const killAt of points(steps)) {
        const world = await begin()
        await killed(world, (at) => rotating(at, {killAt}))
        const own = await world.certificates.read(FILE)
        const {deps} = startProcess(world)
        const identity = {
          tenantId: deps.tenantId,
          appId: String(world.config.values['clientId']),
          certificate: own,
        }
        // What the file holds lets in at any moment.
        await deps.signIn.signIn(identity, signal)
        await rotating(world)
        const shown = await registered(world)
        const {thumbprintSha256} = (await world.certificates.read(FILE)).facts
        expect(shown[0]?.keys, `killed at step ${killAt}`).toEqual([thumbprintSha256])
        expect(thumbprintSha256).not.toBe(supply[0]?.facts.thumbprintSha256)
        expect(world.certificates.files.size).toBe(1)
        await world.stop()
      }
    },
  )

  it('remove ends with nothing left', {timeout: 120_000}, async () => {
    const removing = async (world: RegistrationWorld, options: ProcessOptions = {}) => {
      const process = startProcess(world, options)
      const {clientId} = world.config.values
      const which = typeof clientId === 'string' ? {...CONFIGURE.which, appId: clientId} : CONFIGURE.which
      const request = {command: 'mfa app remove', which, force: false, keyFiles: true, yes: true, dryRun: false, consistencyMs: 10_000, preview: async () => {}} // prettier-ignore
      await removeRegistration(request, process.deps, signal)
      return process.steps()
    }
    const first = await registrationWorld(supply)
    await run(first)
    const steps = await removing(first)
    await first.stop()
    for (const killAt of points(steps)) {
      const world = await registrationWorld(supply)
      await run(world)
      await killed(world, (at) => removing(at, {killAt}))
      await removing(world)
      expect(await registered(world), `killed at step ${killAt}`).toEqual([])
      expect(world.config.values).toEqual({})
      expect(world.certificates.files.size).toBe(0)
      await world.stop()
    }
  })
})
