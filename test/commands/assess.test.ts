import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {XMLValidator} from 'fast-xml-parser'

import {CATALOGUE} from '../../src/lib/assessment/catalogue.js'
import {startPfServer, type PfServer} from '../fakes/pf-server.js'
import {CONTOSO, type MfaResult, newPlace, type Place} from '../helpers/mfa.js'

let place: Place
beforeAll(async () => {
  place = await newPlace({MFA_SOURCE: CONTOSO})
})
afterAll(() => place.remove())

interface Found {
  readonly id: string
  readonly state: string
  readonly blocks: readonly string[]
  readonly evidence: string
  readonly question?: string
}
const assess = (...args: string[]): Promise<MfaResult> => place.mfa(['server', 'assess', ...args])
const findings = (result: MfaResult): ReadonlyMap<string, Found> =>
  new Map((result.json()['findings'] as Found[]).map((one) => [one.id, one]))

/** Answers that settle everything but what is named. */
const settled = (except: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({
    schemaVersion: 1,
    answers: Object.fromEntries(
      CATALOGUE.map(({id}) => [id, {answer: except[id] ?? 'yes', ...(except[id] ? {} : {status: 'done'})}]),
    ),
  })

test('without answers everything that people know is open, and stands in the way (2)', async () => {
  const result = await assess('--json')
  expect(result.code).toBe(2)
  const all = findings(result)
  const dependencies = (result.json()['findings'] as Found[]).filter(({id}) => /^[ABC]\d/.test(id))
  expect(dependencies.map(({id}) => id).join(' ')).toBe(
    'A1 A2 A3 A4 A5 A6 A7 A8 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 C1 C2 C3 C4 C5 C6',
  )
  for (const id of ['C1', 'C2', 'C3', 'C4', 'C5', 'C6'])
    expect(all.get(id)).toMatchObject({
      state: 'unanswered',
      blocks: ['federation'],
      question: expect.any(String),
    })
  expect(result.json()).toMatchObject({
    schemaVersion: 1,
    blocked: true,
    tenantChecked: false,
    answersFile: null,
    source: {kind: 'bundle'},
    warnings: [],
  })
})

test('people get a table, one verdict line and the next command', async () => {
  const {stdout, stderr, code} = await assess()
  expect({code, stderr}).toMatchObject({code: 2})
  expect(stdout).toMatch(
    /\n\d+ findings block rollout, 6 findings block federation; \d+ to do, \d+ not answered, 78 users, tenant not checked\n/,
  )
  expect(stdout).toContain('Next: mfa server assess --answers answers.yaml --init\n')
})

test.each([40, 80])('at %i columns findings are lists, and no word is split', async (columns) => {
  const {stdout} = await place.mfa(['server', 'assess'], {env: {COLUMNS: String(columns)}})
  const [list = ''] = stdout.split('\nNothing to do about')
  expect(list.split('\n').filter((line) => line.length > columns)).toEqual([])
  expect(list.replaceAll(/\s+/g, ' ')).toContain(
    ' Id: sms-or-voice-only Finding: Users who end with SMS or voice only State: to do Users: 47 What to do: ',
  )
  expect(list.split(/\s+/)).toEqual(expect.arrayContaining(['authentication', 'Authenticator;']))
  // What does not apply takes no line.
  expect(list).not.toMatch(/^\w+: *$/m)
})

test('at 120 columns they are a table, and no word is split', async () => {
  const {stdout} = await place.mfa(['server', 'assess'], {env: {COLUMNS: '120'}})
  const rows = stdout.split('\n').filter((line) => line.startsWith('│'))
  expect(new Set(rows.map((line) => line.length))).toEqual(new Set([120]))
  const ids = rows.map((line) => line.slice(2, 20).trim()).filter((id) => id !== '')
  expect(ids).toEqual(expect.arrayContaining(['C6', 'sms-or-voice-only', 'number-impossible']))
  expect(rows.join('\n')).toMatch(/ authentication .* Authenticator;/s)
})

describe('Active Directory', () => {
  const env = {MFA_AD_USERNAME: 'svc@contoso.com', MFA_AD_PASSWORD: 'invented'}
  const away = ['--ad-url', 'ldaps://127.0.0.1:1']

  test('that cannot be reached is told (6)', async () => {
    const group = ['--tenant', 'sandbox', '--group', 'MFA pilot']
    const result = await place.mfa(['server', 'assess', ...group, ...away], {env})
    expect(result).toMatchObject({code: 6, stdout: '', stderr: expect.stringContaining('127.0.0.1:1')})
  })

  test('is not asked without a group, and that is told', async () => {
    const {code, stderr} = await place.mfa(['server', 'assess', ...away], {env})
    expect({code, stderr}).toMatchObject({code: 2, stderr: expect.stringContaining('--ad-url is not used')})
  })
})

describe('an answers file', () => {
  test('with a space in its name: the next command can be typed as it is', async () => {
    const made = await assess('--answers', 'a ü.yaml', '--init', '--default-country', 'US')
    expect(made.code, made.stderr).toBe(0)
    const next = 'Next: mfa server assess --default-country US --answers "a ü.yaml"\n'
    expect(made.stdout).toContain(`\nEdit the file, then go on.\n${next}`)
    const used = await assess('--answers', 'a ü.yaml', '--default-country', 'US')
    expect(used.stdout).toContain(`\nAnswer what is open in a ü.yaml, or add --ask.\n${next}`)
  })

  test('is made with the open questions, is right at once, and is not overwritten', async () => {
    const made = await assess('--answers', 'new.yaml', '--init', '--json')
    expect(made.code, made.stderr).toBe(0)
    expect(made.json()).toMatchObject({
      answersFile: 'new.yaml',
      questions: expect.arrayContaining(['A8', 'C1', 'C6']),
      found: expect.arrayContaining(['B4', 'B8']),
    })
    const text = await place.read('new.yaml')
    const used = await assess('--answers', 'new.yaml', '--json')
    expect(used.code).toBe(2)
    expect(findings(used).get('C1')?.state).toBe('unanswered')
    const again = await assess('--answers', 'new.yaml', '--init')
    expect(again).toMatchObject({code: 64, stderr: expect.stringContaining('not overwritten')})
    expect(await place.read('new.yaml')).toBe(text)
  })

  test('can be made without a source', async () => {
    const made = await place.mfa(['server', 'assess', '--answers', 'blank.yaml', '--init', '--json'], {
      env: {MFA_SOURCE: ''},
    })
    expect(made.code, made.stderr).toBe(0)
    expect(made.json()['questions']).toEqual(
      CATALOGUE.filter(({question}) => question !== undefined).map(({id}) => id),
    )
  })

  test('with everything settled nothing of the server stands in the way', async () => {
    await place.file('done.json', settled())
    const result = await assess('--answers', 'done.json', '--json')
    const open = [...findings(result).values()].filter(({blocks}) => blocks.length > 0).map(({id}) => id)
    // The example's users have their own.
    expect(open).toEqual(['no-method', 'duplicate-user', 'record-fault'])
  })

  test('that is wrong is told by line and field (65)', async () => {
    await place.file('bad.yaml', 'schemaVersion: 1\nanswers:\n  C1: {answer: perhaps}\n  C9: {answer: no}\n')
    const {code, stderr} = await assess('--answers', 'bad.yaml')
    expect(code).toBe(65)
    expect(stderr).toContain('bad.yaml, line 3, answers.C1.answer: must be yes, no or unknown')
    expect(stderr).toContain('bad.yaml, line 4, answers.C9: there is no dependency C9')
  })

  test('that is missing is told with the way to make one (64)', async () => {
    expect(await assess('--answers', 'none.yaml')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(
        /--answers none\.yaml cannot be read: there is no such file\n.*--answers none\.yaml --init/,
      ),
    })
    expect(await assess('--answers', '.')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('it is a folder'),
    })
  })
})

test.each([
  [['--init'], /--answers/],
  [['--group', 'MFA pilot'], /--group needs a tenant/],
  [['--ask'], /--answers/],
])('%j is refused (64)', async (args, text) => {
  expect(await assess(...args)).toMatchObject({code: 64, stderr: expect.stringMatching(text)})
})

describe('files for people and pipelines', () => {
  let result: MfaResult
  beforeAll(async () => {
    result = await assess(
      '--csv',
      'f.csv',
      '--users-csv',
      'u.csv',
      '--sarif',
      's.sarif',
      '--junit',
      'j.xml',
      '--report',
      'r.html',
    )
  })

  test('are all named', () => {
    expect(result.stdout.indexOf('Report: ')).toBeGreaterThan(result.stdout.indexOf('JUnit: '))
    for (const line of ['CSV: f.csv', 'CSV: u.csv', 'SARIF: s.sarif', 'JUnit: j.xml', 'Report: r.html'])
      expect(result.stdout).toContain(`${line}\n`)
  })

  test('CSV has a line for each finding, and one for each user that is meant', async () => {
    const lines = (await place.read('f.csv')).split('\r\n')
    expect(lines).toHaveLength(CATALOGUE.length + 13 + 2)
    expect(lines[0]).toContain('id,area,title,state,severity,blocks')
    expect(await place.read('u.csv')).toContain('number-impossible,')
  })

  test('SARIF has every finding as a rule and a result', async () => {
    const log = JSON.parse(await place.read('s.sarif')) as {
      version: string
      runs: {
        tool: {driver: {name: string; rules: {id: string}[]}}
        results: {ruleId: string; ruleIndex: number; kind: string; level: string; message: {text: string}}[]
      }[]
    }
    const [run] = log.runs
    expect(log.version).toBe('2.1.0')
    expect(run?.results.map(({ruleIndex}) => run.tool.driver.rules[ruleIndex]?.id)).toEqual(
      run?.results.map(({ruleId}) => ruleId),
    )
    // SARIF 2.1.0, 3.27.10: a level other than none only for what fails.
    for (const {kind, level, message} of run?.results ?? []) {
      expect(level === 'none').toBe(kind !== 'fail')
      expect(message.text).not.toBe('')
    }
    expect(run?.tool.driver.rules.map(({id}) => id)).toEqual(run?.results.map(({ruleId}) => ruleId))
    expect(run?.results.find(({ruleId}) => ruleId === 'C1')?.level).toBe('error')
    expect(run?.results.find(({ruleId}) => ruleId === 'A1')?.level).toBe('none')
  })

  test('JUnit fails what stands in the way', async () => {
    const xml = await place.read('j.xml')
    expect(XMLValidator.validate(xml)).toBe(true)
    const count = (what: string): number => xml.split(what).length - 1
    expect(xml).toContain(
      `<testsuites tests="${count('<testcase ')}" failures="${count('<failure ')}" errors="0" skipped="${count('<skipped ')}">`,
    )
    expect(count('<testcase ')).toBe(CATALOGUE.length + 13)
    expect(xml).toMatch(/<testcase name="C1 [^>]*>\s*<failure message="blocks federation">/)
  })
})

test('a group, against the policy of the tenant', async () => {
  await place.file('done.json', settled({B4: 'unknown'}))
  const result = await assess(
    '--tenant',
    'sandbox',
    '--group',
    'MFA early birds',
    '--answers',
    'done.json',
    '--seed-file',
    `${CONTOSO}/seeds.csv`,
    '--json',
  )
  expect(result.json()).toMatchObject({
    tenantChecked: true,
    group: {displayName: 'MFA early birds', members: 6, unmatched: 0},
    users: {users: 6},
  })
  expect(findings(result).get('B4')?.evidence).toContain('On for some users only: Voice call')
  expect(result.code).toBe(0)
})

describe('a live server', () => {
  let server: PfServer
  const USERS = [
    {
      username: 'ann@contoso.com',
      settings: {CountryCode: '1', Phone: '4255550101', PinMode: 'pin', VoiceCallLanguage: 'de'},
    },
    {username: 'bob@contoso.com', settings: {Mode: 'smsText', CountryCode: '1', Phone: '4255550102'}},
    {
      username: 'cat@contoso.com',
      settings: {Mode: 'phoneApp'},
      devices: [{DeviceName: 'x', DeviceToken: 't'}],
    },
  ]
  beforeAll(async () => {
    server = await startPfServer(USERS, {
      settings: {
        userPortalSettings: {
          Url: 'https://mfa.contoso.com',
          AllowOneTimeBypass: 'true',
          SessionTimeoutMinutes: '10',
        },
        whitelist: [{Subnet: '10.0.0.0', Netslash: '8'}],
      },
      fault: ({operation}) =>
        operation === 'GetAdfsSettings' ? {kind: 'fault', text: 'Access denied.'} : undefined,
    })
  })
  afterAll(() => server.close())

  test('answers most of A and B; what it refuses becomes a question', async () => {
    const result = await assess('--source', server.url, '--json')
    expect(result.code, result.stderr).toBe(2)
    const all = findings(result)
    const states = Object.fromEntries([...all].map(([id, {state}]) => [id, state]))
    expect(states).toMatchObject({
      A1: 'information',
      A2: 'open',
      A3: 'absent',
      A4: 'absent',
      A8: 'unanswered',
      B1: 'open',
      B2: 'unanswered',
      B3: 'open',
      B6: 'absent',
      B10: 'open',
      C1: 'unanswered',
      pin: 'open',
      'two-way-sms': 'open',
      language: 'information',
      'no-method': 'open',
    })
    expect(all.get('B2')?.evidence).toContain('GetAdfsSettings')
    expect(result.json()).toMatchObject({users: {users: 3, pins: {voiceCall: 1}, languages: {de: 1}}})
    // Nothing secret of the records comes out.
    for (const secret of ['PIN-8642', 'STATIC-9753']) expect(result.stdout).not.toContain(secret)
  })

  test('asks for reading only', () => {
    expect(server.calls.every(({operation}) => /^(Get|Find|Test|Canonicalize|\?wsdl)/.test(operation))).toBe(
      true,
    )
    expect(server.calls.some(({operation}) => operation === 'GetSecurityQuestions')).toBe(false)
  })
})
