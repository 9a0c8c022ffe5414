import {expect, test} from 'vitest'
import {entraPhone, phone} from '../fixtures/users.js'
import {killAt} from '../helpers/kill-switch.js'
import {allowing, codesOf, idOf, keyOf, resultOf, run, type World, world} from '../helpers/migration-world.js'

const JO = idOf('jo')

function jo(mobile?: {readonly number: string; readonly ready: boolean}): World {
  const phones =
    mobile === undefined
      ? []
      : [
          entraPhone('mobile', mobile.number, {
            id: 'phone-mobile',
            smsSignInState: mobile.ready ? 'ready' : 'notConfigured',
          }),
        ]
  const at = allowing(
    world([{name: 'jo', server: {mode: 'smsText', phone: phone('4255550100')}, methods: {phones}}]),
  )
  at.tenant.smsSignInByItself = true
  return at
}

const state = (at: World): string | undefined => at.tenant.methodsOf(JO).phones[0]?.smsSignInState

test('what our write switched on is switched off again (P9)', async () => {
  const at = jo()
  const report = await run(at)
  expect(state(at)).toBe('notConfigured')
  expect(resultOf(report, 'jo').outcome).toBe('migrated')
  expect(codesOf(resultOf(report, 'jo'))).toContain('sms-sign-in-disabled')
  expect(resultOf(report, 'jo').actions.map(({kind}) => kind)).toContain('disable-sms-sign-in')
})

test('not with --sms-sign-in allow, and not by a later run with other options', async () => {
  const at = jo()
  await run(at, {options: {smsSignIn: 'allow'}})
  expect(state(at)).toBe('ready')
  await run(at)
  expect(state(at)).toBe('ready')
})

test('not if it was on before', async () => {
  const at = jo({number: '+1 4255550199', ready: true})
  await run(at, {options: {phones: 'replace'}})
  expect(at.tenant.methodsOf(JO).phones).toMatchObject([{number: '+1 4255550100', smsSignInState: 'ready'}])
})

test('not if it was on before, across a kill', async () => {
  const whole = jo({number: '+1 4255550199', ready: true})
  const kill = killAt(whole, Number.MAX_SAFE_INTEGER)
  await run(whole, {options: {phones: 'replace'}, deps: {journal: kill.journal}})
  for (let nth = 1; nth <= kill.steps(); nth++) {
    const at = jo({number: '+1 4255550199', ready: true})
    const killed = killAt(at, nth)
    const dying = run(at, {options: {phones: 'replace'}, deps: {journal: killed.journal}})
    await expect(dying).rejects.toThrow('killed')
    killed.revive()
    await run(at, {options: {phones: 'replace'}})
    expect(state(at), `step ${nth}`).toBe('ready')
    expect(at.tenant.count('disableSmsSignIn')).toBe(0)
  }
})

test('what the user switched on later stays on', async () => {
  const at = jo()
  await run(at)
  at.tenant.change(JO, ({phones}) => ({phones: phones.map((one) => ({...one, smsSignInState: 'ready'}))}))
  await run(at, {request: {all: true}})
  expect(state(at)).toBe('ready')
})

test('what the user of a partly failed migration switched on later stays on', async () => {
  const at = jo()
  at.tenant.fail('setDefault', 'refuse')
  await run(at)
  expect(state(at)).toBe('notConfigured')
  at.tenant.change(JO, ({phones}) => ({phones: phones.map((one) => ({...one, smsSignInState: 'ready'}))}))
  await run(at)
  expect(state(at)).toBe('ready')
})

test('a second number of a migrated user, across a kill', async () => {
  const steps = async (nth: number): Promise<{readonly at: World; readonly steps: number}> => {
    const at = jo()
    await run(at)
    at.source.change(keyOf('jo'), {phone: phone('4255550155')})
    const kill = killAt(at, nth)
    await run(at, {deps: {journal: kill.journal}}).catch((error: unknown) => error)
    kill.revive()
    return {at, steps: kill.steps()}
  }
  const whole = await steps(Number.MAX_SAFE_INTEGER)
  for (let nth = 1; nth <= whole.steps; nth++) {
    const {at} = await steps(nth)
    await run(at)
    expect(at.tenant.methodsOf(JO).phones, `step ${nth}`).toMatchObject([
      {number: '+1 4255550155', smsSignInState: 'notConfigured'},
    ])
  }
})

test('where it cannot be switched off, a finding says so and the next run tries again', async () => {
  const at = jo()
  at.tenant.fail('disableSmsSignIn', 'refuse')
  const report = await run(at)
  expect(resultOf(report, 'jo').outcome).toBe('partly')
  expect(resultOf(report, 'jo').findings.find(({code}) => code === 'sms-sign-in-disabled')?.detail).toMatch(
    /by hand/,
  )
  await run(at)
  expect(state(at)).toBe('notConfigured')
})
