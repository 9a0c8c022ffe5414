import {inspect} from 'node:util'
import {describe, expect, it} from 'vitest'
import {planUser} from '../../src/lib/migration/plan-user.js'
import type {PlanUserInput} from '../../src/lib/migration/plan-user.js'
import {unaccountedIn} from '../../src/lib/migration/rules/accounting.js'
import {DEFAULT_CASES} from './default-cases.js'
import {OATH_CASES} from './oath-cases.js'
import {PHONE_CASES} from './phone-cases.js'

const CASES = [...PHONE_CASES, ...OATH_CASES, ...DEFAULT_CASES]
const numbered = (letter: string, count: number) => Array.from({length: count}, (_, i) => `${letter}${i + 1}`)
const RULES = [
  ...numbered('P', 9),
  ...numbered('B', 4),
  ...numbered('D', 7),
  ...numbered('O', 5),
  ...numbered('M', 7),
  'U4',
  'U7',
  'R7',
]
/** P9 is decided while writing; the others show in what is chosen and in which order. */
const SILENT = new Set(['P9', 'P8', 'D1', 'D3'])

it('there are cases for every rule, and for nothing else', () => {
  expect([...new Set(CASES.map((one) => one.rule))].sort()).toEqual([...RULES].sort())
})

describe.each(RULES)('%s', (rule) => {
  const cases = CASES.filter((one) => one.rule === rule)

  it('gives the plans that are on file', async () => {
    const all = Object.fromEntries(
      cases.map(({name, input}) => [name, {given: given(input), plan: planUser(input)}]),
    )
    await expect(`${JSON.stringify(all, undefined, 2)}\n`).toMatchFileSnapshot(`rules/${rule}.json`)
  })

  it.each(cases)('accounts for everything and shows no secret: $name', ({input}) => {
    const plan = planUser(input)
    expect(unaccountedIn(input.server, plan)).toEqual([])
    const shown = JSON.stringify(plan) + inspect(plan, {depth: 10})
    const secrets = [
      ...input.server.devices.map((device) => device.oathSecret?.reveal() ?? ''),
      ...input.server.oathTokens.map((token) => token.secret?.reveal() ?? ''),
    ]
    expect(secrets.filter((secret) => secret !== '' && shown.includes(secret))).toEqual([])
  })
})

it.each(RULES.filter((rule) => !SILENT.has(rule)))('%s is named in at least one of its plans', (rule) => {
  const named = CASES.filter((one) => one.rule === rule).flatMap(({input}) => {
    const {actions, alreadyThere, findings} = planUser(input)
    return [...actions, ...alreadyThere, ...findings].map((entry) => entry.rule)
  })
  expect(named).toContain(rule)
})

/** What went in, for the reader of the file: only what is not as the builders make it. */
function given({server, entra, methods, allowed, inventory, memory, options}: PlanUserInput) {
  return {server, entra, methods, allowed, inventory: Object.fromEntries(inventory), memory, options}
}
