import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterAll, beforeAll, expect, test} from 'vitest'

import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const EXAMPLE = join(PACKAGE, 'examples/topology/reference.yaml')

let place: Place
let text: string
beforeAll(async () => {
  place = await newPlace()
  text = await readFile(EXAMPLE, 'utf8')
})
afterAll(() => place.remove())

test('the reference deployment passes: exit 0, all rules hold, the next command is named', async () => {
  await place.file('good.yaml', text)
  const plain = await place.mfa(['ha', 'check', 'good.yaml'])
  expect({code: plain.code, stderr: plain.stderr}).toEqual({code: 0, stderr: ''})
  expect(plain.stdout).toBe('good.yaml: all 14 rules hold\nNext: mfa ha probe good.yaml\n')
  const json = (await place.mfa(['ha', 'check', 'good.yaml', '--json'])).json()
  expect(json).toMatchObject({
    schemaVersion: 1,
    findings: [],
    counts: {blockers: 0, warnings: 0},
    warnings: [],
  })
  expect(json['rules']).toHaveLength(14)
})

test('a blocker: exit 2; table, JSON, SARIF, CSV and page name rule, line and fix', async () => {
  const bad = text.replace('sticky: cookie', 'sticky: none').replace(/ {4}outboundHttps.*\n/, '')
  const line = bad.split('\n').findIndex((one) => one.includes('members: [MFA-UP-MAS1')) + 2
  await place.file('sub folder/bad.yaml', bad)
  const files = ['--csv', 'out.csv', '--sarif', 'out.sarif', '--report', 'out.html']
  const plain = await place.mfa(['ha', 'check', 'sub folder/bad.yaml', ...files], {env: {COLUMNS: '200'}})
  expect(plain.code).toBe(2)
  expect(plain.stdout).toMatch(/H8 .*blocker/)
  expect(plain.stdout).toContain('sub folder/bad.yaml: 1 blocker, 1 warning; 12 of 14 rules hold\n')

  const json = await place.mfa(['ha', 'check', 'sub folder/bad.yaml', '--json'])
  expect(json.code).toBe(2)
  expect(json.json()['findings']).toMatchObject([
    {rule: 'H8', severity: 'blocker', line, field: 'balancedNames[1].sticky'},
    {rule: 'H14', severity: 'warning', field: 'servers[0]'},
  ])

  const log = JSON.parse(await place.read('out.sarif')) as {
    runs: {tool: {driver: {rules: {id: string}[]}}; results: Record<string, unknown>[]}[]
  }
  expect(log.runs[0]?.tool.driver.rules.map(({id}) => id)).toContain('H14')
  expect(log.runs[0]?.results[0]).toMatchObject({
    ruleId: 'H8',
    ruleIndex: 7,
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: {uri: 'sub%20folder/bad.yaml'},
          region: {startLine: line},
        },
      },
    ],
  })
  expect((await place.read('out.csv')).split('\r\n')[0]).toBe('rule,severity,line,field,message,fix')
  const page = await place.read('out.html')
  expect(page).toContain('balancedNames[1].sticky')
  expect(page).not.toContain('<script')
})

test('a warning alone does not fail', async () => {
  await place.file('warned.yaml', text.replace(/ {4}outboundHttps.*\n/, ''))
  const found = await place.mfa(['ha', 'check', 'warned.yaml'])
  expect(found.code).toBe(0)
  expect(found.stdout).toContain('0 blockers, 1 warning; 13 of 14 rules hold')
})

test('a wrong file: exit 65 with every fault, also as JSON; no file: 65; no argument: 64', async () => {
  await place.file(
    'wrong.yaml',
    text.replace('role: primary', 'role: boss').replace('mode: manual', 'mode: 5'),
  )
  const plain = await place.mfa(['ha', 'check', 'wrong.yaml'])
  expect(plain.code).toBe(65)
  expect(plain.stderr).toMatch(/wrong\.yaml, line \d+, field servers\[0\]\.role: must be one of/)
  expect(plain.stderr).toMatch(/wrong\.yaml, line \d+, field promotion\.mode: must be one of/)
  const json = await place.mfa(['ha', 'check', 'wrong.yaml', '--json'])
  expect(json.code).toBe(65)
  expect(json.json()).toMatchObject({error: {code: 'TOPOLOGY_INVALID'}})
  expect((await place.mfa(['ha', 'check', 'none.yaml'])).code).toBe(65)
  expect((await place.mfa(['ha', 'check'])).code).toBe(64)
})
