import {afterEach, expect, test} from 'vitest'

import type {OpenedPlan} from '../../src/lib/migration/plan-file.js'
import type {UserPlan} from '../../src/lib/migration/plan.js'
import type {UserPair} from '../../src/lib/migration/pair.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import type {Scratch} from '../../src/lib/ports/scratch.js'
import {jsonText} from '../../src/lib/report/lazy-list.js'
import {showSavedPlan} from '../../src/lib/report/plan-report.js'
import {showRun} from '../../src/lib/report/runs-report.js'
import {type Show, TABLE_LIMIT} from '../../src/lib/report/show.js'
import {parseUserColumns, showUsers} from '../../src/lib/report/users-report.js'
import {openScratch} from '../../src/lib/state/scratch.js'
import {createOutput} from '../../src/lib/terminal/output.js'

/** Together some 200 MB, were they all in memory. */
const USERS = 50_000
const LONG = 2000
const FLAT = 100_000_000

let scratch: Scratch | undefined
afterEach(() => scratch?.close())

async function* many<T>(make: (n: number) => T): AsyncGenerator<T> {
  for (let n = 0; n < USERS; n++) yield make(n)
}
const name = (n: number): string => `user${n}@contoso.com`
/** Made anew for each, so that it takes its room. */
const long = (n: number): string => `${n} `.padEnd(LONG, String.fromCodePoint(97 + (n % 26)))

const plan = (n: number) => ({
  id: `${n}`,
  userPrincipalName: name(n),
  outcome: 'migrate',
  actions: [],
  alreadyThere: [],
  findings: [{code: 'phone-invalid', rule: 'P4', item: 'user', detail: long(n)}],
  smsOrVoiceOnly: false,
})
const record = (n: number) => ({
  run: '01J',
  user: `${n}`,
  userPrincipalName: name(n),
  outcome: 'failed',
  findings: [{detail: long(n)}],
  at: '2026-11-26T10:00:00Z',
})
const journal = {
  runs: () => Promise.resolve([{id: '01J', kind: 'migrate', group: {displayName: 'g'}}]),
  userResults: () => many(record),
  actions: () => many((n) => ({userPrincipalName: name(n), intent: {kind: 'set-phone'}, at: long(n)})),
} as unknown as Journal
const pair = (n: number): UserPair =>
  ({entra: {id: `${n}`, userPrincipalName: name(n), displayName: long(n), accountEnabled: true}}) as UserPair

const COMMANDS: Readonly<
  Record<string, (at: Scratch, show: Show) => Promise<Readonly<Record<string, unknown>>>>
> = {
  'plan show': (at, show) =>
    showSavedPlan(
      {
        header: {group: {}, source: {}},
        plans: many((n) => plan(n) as unknown as UserPlan),
      } as unknown as OpenedPlan,
      at,
      show,
      undefined,
    ),
  'runs show': (at, show) =>
    showRun('last', {failedOnly: false, csv: undefined}, {journal, scratch: at}, show),
  'users list': (at, show) =>
    showUsers(
      many((n) => ({pairs: [pair(n)]})),
      parseUserColumns(undefined),
      at,
      show,
      undefined,
    ),
}

test.each(Object.entries(COMMANDS))('mfa %s holds no more of many users than of few', async (_, run) => {
  scratch = openScratch()
  let written = ''
  const out = createOutput({json: false, width: 80, color: false, write: (text) => (written += text)})
  const before = process.memoryUsage().rss
  let most = 0
  const result = await run(scratch, {out, files: {} as Show['files']})
  let length = 0
  for (const piece of jsonText(result)) {
    length += piece.length
    most = Math.max(most, process.memoryUsage().rss - before)
  }
  expect(written).toContain(`… and ${USERS - TABLE_LIMIT} more`)
  expect(length).toBeGreaterThan(USERS * LONG)
  expect(most).toBeLessThan(FLAT)
})
