import {inspect} from 'node:util'
import fc from 'fast-check'
import {expect, it} from 'vitest'
import {planUser} from '../../src/lib/migration/plan-user.js'
import type {PlanUserInput} from '../../src/lib/migration/plan-user.js'
import type {ItemRef, UserPlan} from '../../src/lib/migration/plan.js'
import {unaccounted} from '../../src/lib/migration/rules/accounting.js'
import {applyToMethods} from '../fakes/apply-to-methods.js'
import {planInputs} from '../fixtures/arbitrary-user.js'

const RUNS = {numRuns: 1000}

it('plans nothing more once a plan has been carried out', () => {
  fc.assert(
    fc.property(planInputs, (input) => {
      const after = applyToMethods(input, planUser(input))
      const again = planUser(after)
      expect(again.actions).toEqual([])
      expect(again.outcome).toBe('unchanged')
    }),
    RUNS,
  )
})

it('accounts for every item', () => {
  fc.assert(
    fc.property(planInputs, (input) => {
      expect(unaccounted(input.server, planUser(input))).toEqual([])
    }),
    RUNS,
  )
})

it('never leaves a user with more than five devices', () => {
  fc.assert(
    fc.property(planInputs, (input) => {
      const {methods} = applyToMethods(input, planUser(input))
      const {authenticators, softwareOath, hardwareOath} = methods
      expect(authenticators.length + softwareOath.length + hardwareOath.length).toBeLessThanOrEqual(5)
    }),
    RUNS,
  )
})

it('puts what an action needs before it, and mobile before alternateMobile', () => {
  fc.assert(
    fc.property(planInputs, (input) => {
      const {actions} = planUser(input)
      const ids = actions.map((action) => action.id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const [index, action] of actions.entries()) {
        expect(ids.slice(0, index)).toEqual(expect.arrayContaining([...action.needs]))
      }
      const slots = actions.flatMap((action) => (action.kind === 'set-phone' ? [action.slot] : []))
      const both = slots.includes('mobile') && slots.includes('alternateMobile')
      expect(!both || slots.indexOf('mobile') < slots.indexOf('alternateMobile')).toBe(true)
    }),
    RUNS,
  )
})

it('shows no secret', () => {
  fc.assert(
    fc.property(planInputs, (input) => {
      const plan = planUser(input)
      const shown = JSON.stringify(plan) + inspect(plan, {depth: 10})
      const secrets = [
        ...input.server.devices.map((device) => device.oathSecret?.reveal() ?? ''),
        ...input.server.oathTokens.map((token) => token.secret?.reveal() ?? ''),
      ]
      expect(secrets.filter((secret) => secret !== '' && shown.includes(secret))).toEqual([])
    }),
    RUNS,
  )
})

it('gives the same bytes for the same input', () => {
  fc.assert(
    fc.property(planInputs, (input) => {
      expect(JSON.stringify(planUser(input))).toBe(JSON.stringify(planUser(structuredCopy(input))))
    }),
    RUNS,
  )
})

it('does not depend on an order that means nothing', () => {
  fc.assert(
    fc.property(planInputs, fc.infiniteStream(fc.nat()), (input, random) => {
      // Dates that differ: the order of the devices means nothing then.
      const devices = input.server.devices.map((device, day) => ({
        ...device,
        registeredAt: `2023-02-${String(day + 1).padStart(2, '0')}`,
      }))
      const dated = {...input, server: {...input.server, devices}}
      const [deviceOrder, tokenOrder] = [shuffled(devices, random), shuffled(dated.server.oathTokens, random)]
      const mixed: PlanUserInput = {
        ...dated,
        server: {
          ...dated.server,
          devices: permuted(devices, deviceOrder),
          oathTokens: permuted(dated.server.oathTokens, tokenOrder),
        },
        methods: {
          ...dated.methods,
          phones: pick(dated.methods.phones, random),
          authenticators: pick(dated.methods.authenticators, random),
          softwareOath: pick(dated.methods.softwareOath, random),
          hardwareOath: pick(dated.methods.hardwareOath, random),
          others: pick(dated.methods.others, random),
        },
        inventory: new Map(
          pick([...dated.inventory], random).map(([serial, tokens]) => [serial, pick(tokens, random)]),
        ),
        memory: {...dated.memory, tokens: pick(dated.memory.tokens, random)},
      }
      const renamed = (item: ItemRef): ItemRef => {
        const [kind, at] = item.split(':')
        if (kind === 'device') return `device:${deviceOrder.at(Number(at)) ?? -1}`
        return kind === 'token' ? `token:${tokenOrder.at(Number(at)) ?? -1}` : item
      }
      const same = (plan: UserPlan, rename: (item: ItemRef) => ItemRef) => ({
        ...plan,
        serverFingerprint: '',
        actions: plan.actions.map((one) => ({...one, item: sameRows(input, rename(one.item))})),
        alreadyThere: plan.alreadyThere.map((one) => ({...one, item: sameRows(input, rename(one.item))})),
        findings: plan.findings.map((one) => ({...one, item: sameRows(input, rename(one.item))})),
      })
      expect(same(planUser(mixed), renamed)).toEqual(same(planUser(dated), (item) => item))
    }),
    RUNS,
  )
})

/** Rows of the record that are equal in every field cannot be told apart: the first stands for all. */
function sameRows({server}: PlanUserInput, item: ItemRef): ItemRef {
  const [kind, at] = item.split(':')
  if (kind !== 'token') return item
  const rows = server.oathTokens.map(({secret, ...rest}) =>
    JSON.stringify([
      secret?.reveal() ?? '',
      rest.serialNumber,
      rest.timeInterval,
      rest.manufacturer,
      rest.model,
      rest.hashFunction,
      rest.seedConflict,
    ]),
  )
  return `token:${rows.indexOf(rows.at(Number(at)) ?? '')}`
}

function shuffled(list: readonly unknown[], random: Iterator<number>): readonly number[] {
  return list
    .map((_, index) => ({index, key: random.next().value as number}))
    .sort((a, b) => a.key - b.key)
    .map((one) => one.index)
}

function pick<T>(list: readonly T[], random: Iterator<number>): readonly T[] {
  return permuted(list, shuffled(list, random))
}

function permuted<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.flatMap((index) => list.slice(index, index + 1))
}

/** The same input with its properties in another order. */
function structuredCopy(input: PlanUserInput): PlanUserInput {
  const turned = <T extends object>(value: T): T =>
    Object.fromEntries(Object.entries(value).toReversed()) as T
  return turned({
    ...input,
    server: turned({
      ...input.server,
      devices: input.server.devices.map(turned),
      oathTokens: input.server.oathTokens.map(turned),
    }),
    methods: turned({...input.methods, phones: input.methods.phones.map(turned)}),
    options: turned(input.options),
    allowed: turned(input.allowed),
  })
}
