import {parse} from 'csv-parse/sync'
import {array, assert, asyncProperty, constantFrom, oneof, string, tuple} from 'fast-check'
import {describe, expect, test} from 'vitest'
import {type Action, FINDING_CODES, type Finding, type ItemRef} from '../../src/lib/migration/plan.js'
import type {UserResult} from '../../src/lib/migration/result.js'
import type {ActionId} from '../../src/lib/model/brand.js'
import type {Column} from '../../src/lib/ports/output.js'
import {csvChunks, toCsv, toObjects} from '../../src/lib/report/csv.js'
import {
  describeAction,
  describeAlreadyThere,
  describeFinding,
  findingTitle,
  itemName,
} from '../../src/lib/report/describe.js'
import {
  findingColumns,
  findingRows,
  planColumns,
  planRows,
  userColumns,
} from '../../src/lib/report/plan-rows.js'
import {verdictLine} from '../../src/lib/report/verdict.js'
import {collect} from '../helpers/collect.js'

const base = {id: 'a' as ActionId, rule: 'P1', item: 'phone', needs: []} as const
const token = {
  serialNumber: 'SN1',
  manufacturer: 'Contoso',
  model: 'T-30',
  timeIntervalInSeconds: 30,
  hashFunction: 'hmacsha1',
} as const
const setMobile: Action = {
  ...base,
  kind: 'set-phone',
  slot: 'mobile',
  number: '+1 4255550100',
  change: 'create',
}

describe('verdictLine', () => {
  const none = {users: 0, migrated: 0, unchanged: 0, partly: 0, failed: 0, unmatched: 0, disabled: 0}
  test.each([
    [
      {...none, users: 412, migrated: 400, unchanged: 12},
      'all 412 users of "MFA pilot" are migrated; 0 failed',
    ],
    [
      {...none, users: 412, migrated: 390, unchanged: 8, failed: 2, partly: 3, unmatched: 4, disabled: 5},
      '398 of 412 users of "MFA pilot" are migrated; 2 failed, 3 partly, 4 unmatched, 5 disabled',
    ],
    [
      {...none, users: 3, migrated: 2, disabled: 1},
      '2 of 3 users of "MFA pilot" are migrated; 0 failed, 1 disabled',
    ],
    [{...none, users: 1, unchanged: 1}, 'all 1 users of "MFA pilot" are migrated; 0 failed'],
    [none, 'no users in "MFA pilot"; nothing to migrate'],
  ])('%#', (summary, line) => {
    expect(verdictLine(summary, 'MFA pilot')).toBe(line)
  })

  test('a dry run says what would be', () => {
    expect(verdictLine({...none, users: 2, migrated: 2}, 'G', {dryRun: true})).toBe(
      'all 2 users of "G" would be migrated; 0 failed',
    )
  })
})

describe('plain words', () => {
  test.each<[Action, string]>([
    [setMobile, 'set mobile to +1 4255550100'],
    [
      {
        ...base,
        kind: 'set-phone',
        slot: 'office',
        number: '+1 4255550101x22',
        change: 'replace',
        previous: '+1 4255550199',
      },
      'replace office +1 4255550199 with +1 4255550101x22',
    ],
    [
      {...base, kind: 'set-phone', slot: 'office', number: '+1 4255550101', change: 'replace'},
      'replace office with +1 4255550101',
    ],
    [{...base, ...token, kind: 'create-token'}, 'create token SN1 (Contoso T-30, 30 s, SHA-1)'],
    [
      {
        ...base,
        ...token,
        kind: 'update-token',
        deviceId: 'd',
        hashFunction: 'hmacsha256',
        timeIntervalInSeconds: 60,
      },
      'update token SN1 to Contoso T-30, 60 s, SHA-256',
    ],
    [{...base, kind: 'assign-token', serialNumber: 'SN1'}, 'assign token SN1 to the user'],
    [
      {...base, ...token, kind: 'activate-token', existed: false},
      'activate token SN1 with a code computed from its secret',
    ],
    [
      {...base, kind: 'unassign-token', serialNumber: 'SN1', methodId: 'm'},
      'take token SN1 back from the user',
    ],
    [{...base, kind: 'disable-sms-sign-in', methodId: 'm'}, 'switch SMS sign-in with the mobile number off'],
    [{...base, kind: 'set-default', method: 'push'}, 'make push the default'],
    [
      {...base, kind: 'set-default', method: 'voiceOffice', previous: 'sms'},
      'make phone call (office) the default instead of text message',
    ],
  ])('%#', (action, text) => {
    expect(describeAction(action)).toBe(text)
  })

  test('every finding has a title of its own', () => {
    const titles = FINDING_CODES.map(findingTitle)
    expect(new Set(titles).size).toBe(FINDING_CODES.length)
    for (const title of titles) expect(title).toMatch(/^[A-Z]?[A-Za-z -]{5,}$/)
  })

  test.each<[ItemRef, string]>([
    ['user', 'user'],
    ['phone', 'phone'],
    ['backupPhone', 'backup phone'],
    ['default', 'default method'],
    ['device:0', 'app device 1'],
    ['token:10', 'OATH token 11'],
  ])('%s is the %s', (item, name) => {
    expect(itemName(item)).toBe(name)
  })

  test('what is there already', () => {
    expect(describeAlreadyThere({item: 'default', rule: 'M1', target: 'push'})).toBe(
      'push is the default already',
    )
    expect(describeAlreadyThere({item: 'phone', rule: 'P5', target: 'mobile'})).toBe(
      'mobile is in place already',
    )
  })
})

const kept: Finding = {code: 'phone-kept', rule: 'P6', item: 'phone', detail: 'Entra has +1 4255550199.'}
const ann: UserResult = {
  source: 'CONTOSO\\ann',
  id: 'o1',
  userPrincipalName: 'ann@contoso.com',
  outcome: 'partly',
  actions: [
    {id: 'a', kind: 'set-phone', rule: 'P1', slot: 'mobile', outcome: 'done'},
    {id: 'b', kind: 'set-default', rule: 'M2', outcome: 'failed', error: {code: 'x', message: 'refused'}},
  ],
  findings: [kept],
}

describe('rows', () => {
  test('of a plan: actions, what is there, findings, with their marks', () => {
    const replace: Action = {
      ...base,
      kind: 'set-default',
      rule: 'M1',
      item: 'default',
      method: 'push',
      previous: 'sms',
    }
    const rows = planRows({
      userPrincipalName: 'ann@contoso.com',
      actions: [setMobile, replace],
      alreadyThere: [{item: 'token:0', rule: 'O1', target: 'SN1'}],
      findings: [kept],
    })
    const user = 'ann@contoso.com'
    expect(toObjects(planColumns, rows)).toEqual([
      {user, mark: '+', item: 'phone', rule: 'P1', what: 'set mobile to +1 4255550100'},
      {
        user,
        mark: '*',
        item: 'default method',
        rule: 'M1',
        what: 'make push the default instead of text message',
      },
      {user, mark: '=', item: 'OATH token 1', rule: 'O1', what: 'SN1 is in place already'},
      {user, mark: '!', item: 'phone', rule: 'P6', what: describeFinding(kept)},
    ])
    expect(describeFinding(kept)).toBe('number in Entra kept: Entra has +1 4255550199.')
  })

  test('of users and of findings', () => {
    expect(toObjects(userColumns, [ann])).toMatchObject([
      {
        userPrincipalName: 'ann@contoso.com',
        source: 'CONTOSO\\ann',
        outcome: 'partly',
        actions: 2,
        failed: 1,
        findings: 1,
        error: 'refused',
      },
    ])
    expect(toObjects(findingColumns, findingRows({...ann, source: null}))).toEqual([
      {
        userPrincipalName: 'ann@contoso.com',
        source: null,
        code: 'phone-kept',
        rule: 'P6',
        item: 'phone',
        detail: 'Entra has +1 4255550199.',
      },
    ])
  })

  test.each([
    ['plan', planColumns],
    ['users', userColumns],
    ['findings', findingColumns],
  ])('keys and titles of %s are unique', (_name, columns: readonly Column<never>[]) => {
    expect(new Set(columns.map(({key}) => key)).size).toBe(columns.length)
    expect(new Set(columns.map(({title}) => title)).size).toBe(columns.length)
  })
})

describe('CSV', () => {
  const columns: readonly Column<readonly string[]>[] = [
    {key: 'a', title: 'A', value: (row) => row[0]},
    {key: 'b', title: 'B', value: (row) => row[1]},
  ]
  const read = {escapeFormulas: false}

  test('is RFC 4180 with a header of keys; absent values are empty', async () => {
    const rows = [['x,"y"', 'two\nlines'], ['+1 4255550100']]
    expect(await toCsv(columns, rows, read)).toBe('a,b\r\n"x,""y""","two\nlines"\r\n+1 4255550100,\r\n')
    expect(await toCsv(columns, [], read)).toBe('a,b\r\n')
  })

  test('formulas are defused for people only', async () => {
    const rows = [
      ['=1+1', '+1 4255550100'],
      ['@x', '-y'],
    ]
    expect(await toCsv(columns, rows, {escapeFormulas: true})).toBe(
      "a,b\r\n'=1+1,'+1 4255550100\r\n'@x,'-y\r\n",
    )
    expect(await toCsv(columns, rows, read)).toBe('a,b\r\n=1+1,+1 4255550100\r\n@x,-y\r\n')
  })

  test('what is not defused comes back exactly', async () => {
    const text = oneof(
      string({unit: 'grapheme'}),
      constantFrom('=1', ' a ', '"', '\r\n', '\n', '\r', ',', ';', '+1 4255550100x22'),
    )
    await assert(
      asyncProperty(array(tuple(text, text), {maxLength: 20}), async (rows) => {
        const back = parse(await toCsv(columns, rows, read), {relax_column_count: false, from_line: 1})
        expect(back).toEqual([['a', 'b'], ...rows])
      }),
      {numRuns: 60},
    )
  })

  test('many rows come in pieces, the header once', async () => {
    async function* many() {
      for (let n = 0; n < 2500; n++) yield [String(n), 'x']
    }
    const chunks = await collect(csvChunks(columns, many(), read))
    expect(chunks.length).toBe(3)
    const lines = chunks.join('').trimEnd().split('\r\n')
    expect(lines).toHaveLength(2501)
    expect(lines.filter((line) => line === 'a,b')).toHaveLength(1)
    expect(lines[2500]).toBe('2499,x')
  })
})
