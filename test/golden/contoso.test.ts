import {readFile} from 'node:fs/promises'
import {beforeAll, describe, expect, test} from 'vitest'
import {collectPlans} from '../../src/lib/migration/collect.js'
import type {MigrationOptions, UserPlan} from '../../src/lib/migration/plan.js'
import type {MigrationRequest} from '../../src/lib/migration/request.js'
import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {readMapping} from '../../src/lib/source/mapping-file.js'
import {openSeedFiles} from '../../src/lib/source/seed-file/seed-index.js'
import {withSeeds} from '../../src/lib/source/seed-file/with-seeds.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {tenantDirectory} from '../helpers/tenant-directory.js'

const FOLDER = 'examples/contoso'
const OPTIONS: MigrationOptions = {
  defaultMethod: 'if-unset',
  phones: 'safe',
  appCodes: 'carry',
  smsSignIn: 'prevent',
  promoteBackup: true,
  includeDisabled: false,
  cloud: 'global',
}

/** All plans of a group of the example tenant, before anything was written. */
async function plansOf(request: Partial<MigrationRequest> = {}): Promise<readonly UserPlan[]> {
  const clock = new FakeClock()
  const store = journalStore()
  store.hashKey = new Uint8Array(32).fill(7)
  const scratch = memoryScratch()
  const signal = new AbortController().signal
  const seedFiles = ['seeds.csv', 'vendor-seeds.csv'].map((name) => `${FOLDER}/${name}`)
  const source = withSeeds(await openBundle(FOLDER, {scratch}), await openSeedFiles(seedFiles))
  const asked = {
    group: 'MFA pilot',
    users: [],
    options: OPTIONS,
    match: {netbios: {}},
    mapping: [],
    all: false,
    consistencyMs: 0,
  }
  const collected = await collectPlans(
    {...asked, ...request},
    {
      source,
      directory: await tenantDirectory(`${FOLDER}/tenant.json`),
      lookup: undefined,
      journal: new MemoryJournal(clock, store),
      scratch,
      clock,
      ui: new FakeUi(),
    },
    signal,
  )
  await source.close()
  return [...collected.plans.entries()].map(([, plan]) => plan)
}

const entriesOf = (plan: UserPlan) => [...plan.actions, ...plan.alreadyThere, ...plan.findings]
const planOf = (plans: readonly UserPlan[], name: string): UserPlan => {
  const found = plans.find((plan) => plan.userPrincipalName === `${name}@contoso.com`)
  if (found === undefined) throw new Error(`no plan of ${name}`)
  return found
}

const isOther = ({userPrincipalName}: UserPlan): boolean => !/^(bea|clara|alex)\./.test(userPrincipalName)

let plans: readonly UserPlan[]
let readme: string
beforeAll(async () => {
  plans = await plansOf()
  readme = await readFile(`${FOLDER}/README.md`, 'utf8')
})

test('the plan of every member of MFA pilot is as committed', async () => {
  await expect(`${JSON.stringify(plans, undefined, 1)}\n`).toMatchFileSnapshot('./contoso.json')
})

test('every rule that can show in a plan does show', () => {
  const shown = new Set<string>(plans.flatMap((plan) => entriesOf(plan).map(({rule}) => rule)))
  // Not named by plans: U1, U5, U6, P8, D1, R1–R6, R8 (how, not what), P9 (while applying), M4 (most-secure, below).
  const rules = [
    'U2 U3 U4 U7 P1 P2 P3 P4 P5 P6 P7 B1 B2 B3 B4',
    'D2 D3 D4 D5 D6 D7 O1 O2 O3 O4 O5 M1 M2 M3 M5 M6 M7 R7',
  ].flatMap((line) => line.split(' '))
  expect(rules.filter((rule) => !shown.has(rule))).toEqual([])
})

test('every rule that the README names for a user shows in the plan of that user', async () => {
  const all = [...plans, ...(await plansOf({group: 'Refused token'}))]
  // P9 is decided while applying; D1 shows as D7; P8 is an order; P4 and O4 show only where they fail.
  const silent = new Set(['P8', 'P9', 'D1', 'P4', 'O4'])
  // The service refuses the code, so it is known only while applying.
  const whileApplying = new Set(['remy.othersecret: O2'])
  const lost: string[] = []
  for (const [, name, rules] of readme.matchAll(/^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|/gm)) {
    if (name === undefined || rules === undefined) continue
    const upn = name.includes('@') ? name : `${name}@contoso.com`
    const plan = all.find((each) => each.userPrincipalName === upn)
    if (plan === undefined) {
      lost.push(`${name}: no plan`)
      continue
    }
    const shown = new Set<string>(entriesOf(plan).map(({rule}) => rule))
    for (const [rule] of rules.matchAll(/[UPBDOMR]\d/g)) {
      // A match shows as the server user that the plan names, a miss as U3.
      const isMatch = rule === 'U2' && (plan.source !== undefined || shown.has('U3'))
      const there = shown.has(rule) || silent.has(rule) || isMatch || whileApplying.has(`${name}: ${rule}`)
      if (!there) lost.push(`${name}: ${rule}`)
    }
  }
  expect(lost).toEqual([])
})

test('the README has a line for every member of the group', () => {
  const missing = plans
    .map((plan) => plan.userPrincipalName.replace(/@contoso\.com$/, ''))
    .filter((name) => !readme.includes(`| \`${name}\` |`))
  expect(missing).toEqual([])
  expect(plans.length).toBeGreaterThanOrEqual(64)
})

test('no secret of the example is in any plan', async () => {
  const text = JSON.stringify(plans)
  expect(text).not.toMatch(/FAKESEED|FAKE-SEED|fake-device-token/i)
})

test('MFA early birds: nothing to complain about', async () => {
  const early = await plansOf({group: 'MFA early birds'})
  expect(early).toHaveLength(6)
  expect(early.every((plan) => plan.outcome === 'migrate' && plan.findings.length === 0)).toBe(true)
})

describe('other flags, as the README says', () => {
  test('--mapping, --netbios and --default-domain find who was not found', async () => {
    const {rows: mapping} = await readMapping(`${FOLDER}/mapping.csv`)
    const match = {netbios: {EUROPE: 'emea.contoso.com'}, defaultDomain: 'corp.contoso.com'}
    const found = await plansOf({mapping, match})
    for (const name of ['bea.renamed', 'clara.oldname', 'alex.commonname']) {
      expect([planOf(plans, name).outcome, planOf(found, name).outcome]).toEqual(['unmatched', 'migrate'])
    }
    expect(found.filter(isOther)).toEqual(plans.filter(isOther))
  })

  test('--default-method most-secure', async () => {
    const secure = await plansOf({options: {...OPTIONS, defaultMethod: 'most-secure'}})
    expect(planOf(secure, 'bo.daybreak').actions).toContainEqual(
      expect.objectContaining({kind: 'set-default', rule: 'M4', method: 'push'}),
    )
  })

  test('--phones replace, --default-country, --include-disabled', async () => {
    const options = {...OPTIONS, phones: 'replace', defaultCountry: 'GB', includeDisabled: true} as const
    const other = await plansOf({options})
    for (const name of [
      'viktor.keepnewer',
      'jarl.baddate',
      'sara.nocountry',
      'greta.leftalready',
      'hans.blocked',
    ]) {
      expect(planOf(plans, name).actions.some(({kind}) => kind === 'set-phone')).toBe(false)
      expect(planOf(other, name).actions.some(({kind}) => kind === 'set-phone')).toBe(true)
    }
  })
})
