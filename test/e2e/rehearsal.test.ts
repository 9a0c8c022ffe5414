import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {describe, expect, test} from 'vitest'

import {ACCEPTABLE} from '../../src/lib/federation/blockers.js'
import {BLOCKER_CODES} from '../../src/lib/rollout/blockers.js'
import {startSandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {FEDERATED} from '../fixtures/federated-tenant.js'
import {CONTOSO, newPlace, PACKAGE, type Place} from '../helpers/mfa.js'
import {
  AT_THE_LIMITS,
  EMERGENCY,
  refusalsOf,
  type Rehearsal,
  rehearsal,
  rehearsalTenant,
  words,
} from '../helpers/rehearsal.js'
import {comparable} from '../helpers/tenant.js'

/** Milliseconds: a hundred processes one after the other. */
const LONG = 400_000
const JOURNEY = 'from nothing to decommission and all the way back'
const LIMITS = 'at the limits'

/**
 * Where each objection is provoked: in a test of this file, which checks that it was, or in a file that names it.
 * Left to the tests of the rules: what no tenant file can hold (contacts, 50,001 people), and answers that never come, since a
 * command goes on trying for more than a minute.
 */
const PLACES: Readonly<Record<string, string>> = {
  'nested-group': JOURNEY,
  'dynamic-group': JOURNEY,
  'other-members': 'test/unit/rollout-rules.test.ts',
  'group-limit': LIMITS,
  'user-limit': 'test/unit/rollout-rules.test.ts',
  'first-add-limit': JOURNEY,
  'migration-group': JOURNEY,
  'not-migrated': JOURNEY,
  'migrated-partly': JOURNEY,
  'changed-on-server': JOURNEY,
  'no-usable-method': JOURNEY,
  'method-uncertain': LIMITS,
  'methods-unreadable': 'test/unit/rollout-rules.test.ts',
  'device-limit': JOURNEY,
  'not-synced': JOURNEY,
  'rollout-off': JOURNEY,
  'onprem-mfa': JOURNEY,
  'users-not-checked': JOURNEY,
  'dependencies-unknown': JOURNEY,
  'dependency-C3': JOURNEY,
  'users-not-named': JOURNEY,
  'emergency-account-missing': JOURNEY,
  'emergency-account-unknown': JOURNEY,
  'emergency-account-disabled': JOURNEY,
  'emergency-account-guest': JOURNEY,
  'emergency-account-synced': JOURNEY,
  'emergency-account-federated': JOURNEY,
  'emergency-account-no-method': JOURNEY,
  'emergency-account-unreadable': 'test/unit/federation.test.ts',
  // Refusals that are no objections: the code of the error.
  ONE_WAY_DOOR: JOURNEY,
  CONFIRM_OTHER_DOMAIN: JOURNEY,
  STEP_WAITS: JOURNEY,
  UNDO_EARLY: JOURNEY,
  WHOLE_ORGANIZATION: LIMITS,
  SEVERAL_POLICIES: LIMITS,
}
const placedIn = (place: string): readonly string[] =>
  Object.keys(PLACES)
    .filter((code) => PLACES[code] === place)
    .toSorted()

const sourceOf = (path: string) => readFile(join(PACKAGE, path), 'utf8')

describe('cutting over and coming back', () => {
  test('every kind of objection has a place where it is provoked', async () => {
    const files = ['federation/emergency-account.ts', 'federation/guard.ts']
    const final = (await Promise.all(files.map((file) => sourceOf(`src/lib/${file}`))))
      .flatMap((text) => [...text.matchAll(/final\(\s*'([a-z-]+)'/g)])
      .map(([, code]) => code ?? '')
    expect(final.length).toBeGreaterThan(7)
    const all = [...Object.keys(BLOCKER_CODES), ...Object.keys(ACCEPTABLE), ...final]
    expect(all.filter((code) => PLACES[code] === undefined)).toEqual([])
    for (const [code, place] of Object.entries(PLACES).filter(([, each]) => each.endsWith('.ts')))
      expect(await sourceOf(place)).toContain(`'${code}'`)
  })

  test('from nothing to decommission and all the way back', {timeout: LONG}, async () => {
    const place = await newPlace({MFA_TENANT_ID: 'sandbox'})
    try {
      expect(await journey(place)).toEqual(placedIn(JOURNEY))
    } finally {
      await place.remove()
    }
  })

  test('is refused at the limits', {timeout: LONG}, async () => {
    const seen = new Set([
      ...(await refusedAt(AT_THE_LIMITS, ['rollout add-group Eleventh --yes'])),
      ...(await refusedAt(withRollout(FEDERATED, {isAppliedToOrganization: true}), ['rollout enable --yes'])),
      ...(await refusedAt(withRollout(FEDERATED, {}, {id: ANOTHER}), ['rollout enable --yes'])),
    ])
    expect(placedIn(LIMITS).filter((code) => !seen.has(code))).toEqual([])
  })

  test('what is said to be typed next can be typed', {timeout: LONG}, async () => {
    const place = await newPlace()
    try {
      const next = new Set<string>()
      for (const line of PLAIN) {
        const {stdout, stderr, code} = await place.mfa([...words(line), ...words(SANDBOX)], {cwd: PACKAGE})
        expect({line, code, stderr: code === 0 ? '' : stderr}).toEqual({line, code: 0, stderr: ''})
        for (const [, command = ''] of stdout.matchAll(/^Next: (.*)$/gm)) next.add(command)
      }
      expect(next.size).toBeGreaterThan(7)
      for (const command of next) {
        expect(command).toMatch(/^mfa [^()|&;<>$`…]*$/)
        // A word in capitals stands for what only the reader knows.
        if (/ [A-Z]{3,}\b/.test(command)) continue
        const {code, stderr} = await place.mfa(words(command.slice(4)), {cwd: PACKAGE})
        expect({command, code, stderr: code === 64 ? stderr : ''}).toMatchObject({command, stderr: ''})
      }
    } finally {
      await place.remove()
    }
  })

  test('killed at some request, the same command ends in the same place', {timeout: LONG}, async () => {
    const set = `federation set reject --domain contoso.com --all-users --emergency-account ${EMERGENCY} --accept not-migrated --accept no-usable-method --accept dependencies-unknown --confirm contoso.com`
    const ways = [await killedAndRunAgain(FEDERATED, set)]
    const rejecting = FEDERATED.domains.map((domain) =>
      typeof domain === 'string'
        ? domain
        : {...domain, federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp' as const},
    )
    const back = 'rollback --accept onprem-mfa --yes'
    ways.push(await killedAndRunAgain({...FEDERATED, domains: rejecting}, back))
    for (const {end, ends} of ways) {
      expect(end).toMatchObject({open: []})
      for (const [killAt, other] of ends) expect({killAt, ...other}).toEqual({killAt, ...end})
    }
  })
})

const ANOTHER = '00000000-0000-4000-8000-000000000299'
const SANDBOX = '--tenant sandbox'
/** In this order; each says what to type next. */
const PLAIN: readonly string[] = [
  'migrate --group "MFA early birds" --source examples/contoso --seed-file examples/contoso/seeds.csv --yes',
  'status',
  'rollout add-group "MFA early birds" --wave 2 --every 1d --yes',
  'rollout show',
  'rollout list',
  'rollout advance --yes',
  'federation list',
  'federation set accept --domain contoso.com --confirm contoso.com',
  'federation show',
  'rollback --dry-run --undo last --skip server="never upgraded"',
  'rollout disable --accept onprem-mfa --yes',
  'rollout show',
  'undo last --yes',
  'status',
]

/** The tenant with its staged rollout of MFA changed, and perhaps a second one. */
function withRollout(tenant: TenantFile, change: object, second?: {readonly id: string}): TenantFile {
  const [first, ...others] = tenant.featureRolloutPolicies ?? []
  if (first === undefined) throw new Error('the tenant has no staged rollout')
  const more = second === undefined ? [] : [{...first, ...second, groups: []}]
  return {...tenant, featureRolloutPolicies: [{...first, ...change}, ...more, ...others]}
}

/** A tenant that one process serves to others, which a person is signed in to. */
async function served(tenant: TenantFile, onOperation?: () => void) {
  const sandbox = await startSandbox({stateFile: ':memory:', tenant, onOperation})
  const place = await newPlace({
    MFA_GRAPH_URL: sandbox.rootUrl,
    MFA_ACCESS_TOKEN: sandbox.issuePersonToken(),
    MFA_TENANT_ID: sandbox.tenantId,
  })
  const stop = async (): Promise<void> => {
    await place.remove()
    await sandbox.stop()
  }
  return {sandbox, place, stop}
}

/** The codes of what is refused, with nothing written. */
async function refusedAt(tenant: TenantFile, lines: readonly string[]): Promise<readonly string[]> {
  const {sandbox, place, stop} = await served(tenant)
  try {
    const codes: string[] = []
    for (const line of lines) {
      const result = await place.mfa([...words(line), '--json'])
      expect({line, code: result.code, said: result.code === 8 ? '' : result.stdout}).toEqual({
        line,
        code: 8,
        said: '',
      })
      codes.push(...refusalsOf(result))
    }
    expect(sandbox.stats().writes).toBe(0)
    return codes
  } finally {
    await stop()
  }
}

/** When something came to be differs from tenant to tenant. */
const withoutDates = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, each: unknown) => (key === 'createdDateTime' ? undefined : each)))

/** At the last request and at some before it, by chance; the message of a failure says which. */
async function killedAndRunAgain(tenant: TenantFile, line: string) {
  const endOf = async (killAt?: number) => {
    let arrived = 0
    let victim: number | undefined
    const {sandbox, place, stop} = await served(tenant, () => {
      arrived += 1
      if (arrived === killAt && victim !== undefined) process.kill(victim, 'SIGKILL')
    })
    try {
      const running = place.start([...words(line), '--json'])
      victim = running.process.pid
      const {code, stdout} = await running.ended
      expect({killAt, code, said: code === 0 ? '' : stdout}).toMatchObject({
        killAt,
        code: killAt === undefined ? 0 : null,
      })
      const requests = arrived
      victim = undefined
      const again = await place.mfa([...words(line), '--json'])
      expect({killAt, code: again.code, said: again.code === 0 ? '' : again.stdout}).toEqual({
        killAt,
        code: 0,
        said: '',
      })
      const runs = (await place.mfa(['runs', 'list', '--json'])).json()['runs'] as {status: string}[]
      const open = runs.filter(({status}) => status !== 'finished')
      const dump = withoutDates(sandbox.dump())
      return {requests, end: {dump, writes: sandbox.stats().writes, open}}
    } finally {
      await stop()
    }
  }
  const {requests, end} = await endOf()
  const killedAt = [
    requests,
    ...Array.from({length: 2}, () => 2 + Math.floor(Math.random() * (requests - 2))),
  ]
  const ends = new Map<number, typeof end>()
  for (const killAt of killedAt) ends.set(killAt, (await endOf(killAt)).end)
  return {end, ends}
}

/** Gives what it was refused for on the way. */
async function journey(place: Place): Promise<readonly string[]> {
  const {ok, refused, asks, tenant, seen} = rehearsal(place)
  const server = `--source ${CONTOSO} --seed-file ${join(CONTOSO, 'seeds.csv')}`
  const seeds = `--seed-file ${join(CONTOSO, 'seeds.csv')} --seed-file ${join(CONTOSO, 'vendor-seeds.csv')}`
  await place.file('tenant.json', JSON.stringify(await rehearsalTenant()))
  await ok('sandbox reset --tenant-file tenant.json --yes')
  const before = await tenant()
  expect(await asks('ada.sunrise')).toBe('on-premises')

  // Assess, back up, configure.
  await ok(`server assess --answers mfa.answers.yaml --init ${server}`)
  await ok(`server assess --answers mfa.answers.yaml ${server}`, 2)
  await place.file('Data/PhoneFactor.pfdata', 'invented')
  const {backup} = await ok('server backup --data Data --to backups')
  await ok(`server verify-backup ${String(backup)}`)
  await ok('app configure --yes')

  // Nobody goes over before being migrated.
  await refused('rollout add-group "Rollout 1" --yes', 'not-migrated', 'no-usable-method')
  await ok(`migrate --group "MFA early birds" ${server} --yes`)
  await ok(`migrate --group "MFA pilot" --user hana.sevendevices@contoso.com ${server} --yes`)
  await ok(`migrate --group "Refused token" ${server} --yes`, 3)
  await ok(`verify --group "MFA early birds" ${server}`)
  const passed = ['methods-visible', 'calls-and-texts', 'sign-in', 'hardware-token']
  const answered = passed.map((check) => `--passed ${check}`).join(' ')
  await ok(`status check ada.sunrise@contoso.com ${answered} --not-applicable notifications`)
  await ok('status confirm inform')

  // The lock-out check, before every widening.
  await refused('rollout add-group "MFA early birds" --yes', 'migration-group')
  await refused('rollout add-group "Shared devices" --yes', 'nested-group')
  const dynamic = 'rollout check "Everybody in Berlin (dynamic)"'
  await refused(dynamic, 'dynamic-group', 'not-migrated', 'no-usable-method', 'not-synced')
  await refused('rollout add-group Refused --yes', 'migrated-partly')
  await refused('rollout add-group "Seven devices" --yes', 'device-limit')
  await refused(`rollout add-group "Cloud only" ${server} --yes`, 'no-usable-method', 'not-synced')
  await refused('rollout add-group Many --yes', 'first-add-limit')
  expect((await ok('rollout list'))['policies']).toEqual([])

  // One group, off and on again.
  expect(await ok('rollout add-group "Rollout 1" --yes')).toMatchObject({
    writes: 2,
    effect: {expectedBy: expect.any(String), atOnce: 2},
  })
  expect(await ok('rollout add-group "Rollout 1" --yes')).toMatchObject({writes: 0})
  expect([await asks('ada.sunrise'), await asks('cleo.firstlight')]).toEqual(['entra', 'on-premises'])
  await refused('rollout disable --yes', 'onprem-mfa')
  await ok('rollout disable --accept onprem-mfa --yes')
  await copySource(place, /4255550102/g, '4255550192')
  await refused(`rollout enable --source export ${seeds} --yes`, 'changed-on-server')
  expect(await ok(`rollout enable ${server} --yes`)).toMatchObject({effect: {atOnce: 2}})
  await refused('rollout remove-group "Rollout 1" --yes', 'onprem-mfa')
  await ok('rollout remove-group "Rollout 1" --accept onprem-mfa --yes')
  expect(await ok('rollout remove-group "Rollout 1" --accept onprem-mfa --yes')).toMatchObject({writes: 0})

  // In waves: a day each, by the service's clock.
  expect(await ok('rollout add-group "MFA early birds" --wave 2 --every 1d --yes')).toMatchObject({
    placed: 2,
    members: 6,
    effect: {expectedBy: expect.any(String)},
  })
  expect(await ok('rollout advance --yes')).toMatchObject({waves: [{status: 'not-due'}], writes: 0})
  await ok('sandbox advance 1d')
  expect(await ok(`rollout advance ${server} --yes`)).toMatchObject({waves: [{status: 'filled', placed: 4}]})
  expect(await Promise.all(['ada.sunrise', 'cleo.firstlight', 'finn.sunup'].map(asks))).toEqual([
    'entra',
    'entra',
    'on-premises',
  ])
  await refused('rollout remove-group "MFA early birds" --user bo.daybreak@contoso.com --yes', 'onprem-mfa')

  // Federation: refused until everything is answered for.
  const reject = 'federation set reject --domain contoso.com'
  expect(await ok('federation show')).toMatchObject({
    domains: [{domain: 'contoso.com', federatedIdpMfaBehavior: null}],
  })
  await refused(`${reject} --yes`, 'dependencies-unknown', 'emergency-account-missing', 'users-not-named')
  const answers = await place.read('mfa.answers.yaml')
  const noneOpen = answers.replaceAll(/answer: (unknown|yes)/g, 'answer: no')
  await place.file('open.yaml', noneOpen.replace(/(\bC3:[\s\S]*?answer:) no/, '$1 yes'))
  await place.file('mfa.answers.yaml', noneOpen)
  const birds = `${reject} --group "MFA early birds" --emergency-account ${EMERGENCY}`
  await refused(`${birds} --answers open.yaml --yes`, 'dependency-C3', 'users-not-checked')
  const ready = '--answers mfa.answers.yaml --accept users-not-checked'
  const named = `${reject} --group "MFA early birds" ${ready} --yes --emergency-account`
  await refused(`${named} nobody@contoso.onmicrosoft.com`, 'emergency-account-unknown')
  await refused(`${named} off@contoso.onmicrosoft.com`, 'emergency-account-disabled')
  await refused(`${named} visitor@contoso.onmicrosoft.com`, 'emergency-account-guest')
  await refused(`${named} keyless@contoso.onmicrosoft.com`, 'emergency-account-no-method')
  await refused(`${named} ada.sunrise@contoso.com`, 'emergency-account-federated', 'emergency-account-synced')
  const all = `${reject} --all-users --emergency-account ${EMERGENCY} --answers mfa.answers.yaml`
  await refused(`${all} --yes`, 'no-usable-method', 'not-migrated')
  await refused('federation set enforce --domain contoso.com --yes', 'onprem-mfa')
  await refused(`${birds} ${ready} --yes`, 'ONE_WAY_DOOR')
  await refused(`${birds} ${ready} --confirm example.com`, 'CONFIRM_OTHER_DOMAIN')
  expect((await tenant()).domains).toEqual(before.domains)
  expect(await ok(`${birds} ${ready} --confirm contoso.com`)).toMatchObject({
    before: null,
    after: 'rejectMfaByFederatedIdp',
    writes: 1,
    visible: true,
    effectiveBy: expect.any(String),
  })
  expect(await ok(`${birds} ${ready} --confirm contoso.com`)).toMatchObject({writes: 0})
  expect(await asks('hugo.deskphone')).toBe('on-premises')
  await ok('sandbox advance 24h')
  expect(await ok('federation show')).toMatchObject({domains: [{inEffect: true, original: null}]})
  expect([await asks('ada.sunrise'), await asks('hugo.deskphone')]).toEqual(['entra', 'nobody: shut out'])

  // Everything is done but for Remy, whose token the tenant has refused.
  await ok('portal redirect')
  for (const step of ['complete', 'portal', 'decommission']) await ok(`status confirm ${step}`)
  expect(await stepsNotDone(ok)).toEqual(['migrate'])

  // All the way back.
  await refused('rollback --yes', 'onprem-mfa')
  const runs = (await ok('runs list'))['runs'] as readonly {id: string; kind: string}[]
  const undo = runs.filter(({kind}) => kind === 'migrate').map(({id}) => `--undo ${id}`)
  expect(undo).toHaveLength(3)
  const back = `rollback --accept onprem-mfa ${undo.join(' ')} --backup ${String(backup)} --data Data`
  const {steps} = (await ok(`rollback --dry-run ${undo.join(' ')}`)) as {steps: readonly {state: string}[]}
  expect(steps.map(({state}) => state)).toEqual(Array.from({length: 9}, () => 'open'))
  await refused(`${back} --step federation --yes`, 'STEP_WAITS')
  await ok(`${back} --step server --yes`)
  await refused(`${back} --yes`, 'UNDO_EARLY')
  expect([await asks('ada.sunrise'), await asks('hugo.deskphone')]).toEqual(['entra', 'nobody: shut out'])
  await ok('sandbox advance 24h')
  expect(await ok(`${back} --yes`)).toMatchObject({finished: true, effectiveBy: null})
  expect(await ok(`${back} --yes`)).toMatchObject({finished: true, run: null})
  for (const user of ['ada.sunrise', 'cleo.firstlight', 'hugo.deskphone'])
    expect(await asks(user)).toBe('on-premises')
  const forgotten = 'rollout advance --early --yes'
  await refused(forgotten, 'rollout-off', 'no-usable-method', 'not-migrated')
  await refused('rollout delete --yes', 'onprem-mfa')
  await ok('rollout delete --accept onprem-mfa --yes')
  await ok('app remove --yes')
  expect(await ok('status')).toMatchObject({overall: {migrated: 0}})
  expect(await stepsNotDone(ok)).toEqual(expect.arrayContaining(['migrate', 'rollout', 'federation']))

  const after = await tenant()
  expect(comparable(after)).toEqual(comparable(afterTheWayBack(before, after)))
  return [...seen].toSorted()
}

async function stepsNotDone(ok: Rehearsal['ok']): Promise<readonly string[]> {
  const {steps} = (await ok('status --backups backups')) as {steps: readonly {id: string; state: string}[]}
  return steps.filter(({state}) => state !== 'done' && state !== 'optional').map(({id}) => id)
}

/**
 * All that may differ once everybody is back: the domain cannot be "never set" again, and shows the explicit value that comes nearest;
 * the group that was made for the waves stays, with the people in it.
 */
function afterTheWayBack(before: TenantFile, after: TenantFile): TenantFile {
  const waves = after.groups.filter(({displayName}) => displayName.startsWith('MFA rollout of '))
  expect(waves).toHaveLength(1)
  return {
    ...before,
    domains: before.domains.map((domain) =>
      typeof domain === 'string'
        ? domain
        : {...domain, federatedIdpMfaBehavior: 'acceptIfMfaDoneByFederatedIdp' as const},
    ),
    groups: [...before.groups, ...waves],
  }
}

/** The server's export once more, with another phone number in it. */
async function copySource(place: Place, number: RegExp, other: string): Promise<void> {
  for (const file of ['users.csv', 'devices.csv', 'oath-tokens.csv'])
    await place.file(
      `export/${file}`,
      (await readFile(join(CONTOSO, file), 'utf8')).replaceAll(number, other),
    )
}
