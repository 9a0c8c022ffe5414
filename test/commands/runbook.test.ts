import {cp, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {parse} from 'csv-parse/sync'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

let place: Place
beforeAll(async () => {
  place = await newPlace({MFA_TENANT_ID: 'sandbox'})
})
afterAll(() => place.remove())

const SOURCE = ['--source', CONTOSO, '--seed-file', join(CONTOSO, 'seeds.csv')]
const letters = async (folder: string) =>
  parse<Record<string, string>>(await place.read(`${folder}/letters.csv`), {columns: true, bom: true})

test('writes every paper for its owner only, and a row and a letter for each user', async () => {
  const args = ['runbook', '--group', 'MFA pilot', ...SOURCE, '--out', 'en', '--json']
  const result = await place.mfa(args)
  expect(result.code, result.stderr).toBe(0)
  const {
    files,
    users,
    letters: count,
    cases,
    oldPortal,
    warnings,
  } = result.json() as {
    files: string[]
    users: number
    letters: number
    cases: Record<string, number>
    oldPortal: boolean
    warnings: string[]
  }
  expect(files).toHaveLength(8)
  for (const file of files) expect((await stat(join(place.work, file))).mode & 0o777).toBe(0o600)
  expect(oldPortal).toBe(true)
  expect(JSON.stringify(warnings)).toContain('no --answers FILE')
  const rows = await letters('en')
  expect(rows).toHaveLength(count)
  expect(count).toBe(users - (cases['disabled'] ?? 0))
  const page = await place.read('en/letters/letters-001.md')
  for (const {userPrincipalName = ''} of rows)
    expect(page.replaceAll('\\', '')).toContain(`For ${userPrincipalName}`)

  const again = await place.mfa(args)
  expect(again.code).toBe(64)
  expect(again.json()).toMatchObject({
    error: {code: 'RUNBOOK_EXISTS', fix: expect.stringContaining('--overwrite') as string},
  })
})

test('from a saved plan, in German, with the answers and a topology', async () => {
  const planned = await place.mfa([
    'migrate',
    '--group',
    'MFA pilot',
    ...SOURCE,
    '--dry-run',
    '--out',
    'plan.json',
  ])
  expect(planned.code, planned.stderr).toBe(0)
  await place.file(
    'answers.json',
    JSON.stringify({
      schemaVersion: 1,
      answers: {
        C1: {answer: 'no'},
        C2: {answer: 'no'},
        C3: {answer: 'no'},
        C4: {answer: 'no'},
        C5: {answer: 'no'},
      },
    }),
  )
  const args = [
    '--plan',
    'plan.json',
    '--answers',
    'answers.json',
    '--language',
    'de',
    '--contact',
    '555-0100',
  ]
  const result = await place.mfa(['runbook', ...args, '--out', 'de'])
  expect(result.code, result.stderr).toBe(0)
  expect(result.stderr).not.toContain('--answers')
  const [first] = await letters('de')
  expect(first).toMatchObject({
    language: 'de',
    subject: 'Ihre mehrstufige Anmeldung zieht zu Microsoft Entra um',
  })
  expect(first?.['body']).toContain('Bitte benutzen Sie das alte Benutzerportal nicht mehr')
  expect(first?.['body']).toContain('Helpdesk: 555-0100')
  const sheet = await place.read('de/helpdesk.csv')
  expect(sheet.startsWith('\uFEFFuserPrincipalName;cases;what;details\r\n')).toBe(true)
  const book = await place.read('de/runbook.md')
  expect(book).toContain('Noch nicht. Offene Abhängigkeiten: 1')
  expect(book).toMatch(/\| C6 .*nicht beantwortet/)
})

test('a serial number that a spreadsheet would take for a formula is defused in both CSV files', async () => {
  const source = join(place.work, 'formulas')
  await cp(CONTOSO, source, {recursive: true})
  const tokens = await place.read('formulas/oath-tokens.csv')
  await place.file('formulas/oath-tokens.csv', tokens.replace('CT-1020', '=HYPERLINK(1)'))
  const result = await place.mfa([
    'runbook',
    '--group',
    'MFA pilot',
    '--source',
    source,
    '--out',
    'formulas-out',
  ])
  expect(result.code, result.stderr).toBe(0)
  const rows = await letters('formulas-out')
  const cells = rows.flatMap((row) => Object.values(row))
  expect(cells.filter((cell) => cell.startsWith("'=HYPERLINK"))).toHaveLength(1)
  expect(cells.filter((cell) => /^[=+@]/.test(cell))).toEqual([])
})

test.each([
  [['--out', 'x'], '--group is missing'],
  [['--group', 'MFA pilot', '--out', 'x'], '--source is missing'],
  [['--plan', 'nowhere.json', '--out', 'x', '--language', 'fr'], 'there is de and en'],
  [['--group', 'MFA pilot', '--plan', 'p.json', '--out', 'x'], 'cannot also be provided'],
  [['--plan', 'p.json'], 'Missing required flag out'],
])('%o is a usage error', async (args, message) => {
  const result = await place.mfa(['runbook', ...args])
  expect(result.code).toBe(64)
  expect(result.stderr).toContain(message)
})
