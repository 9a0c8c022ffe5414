import fc from 'fast-check'
import {expect, test} from 'vitest'

import type {ListedBackup} from '../../src/lib/backup/list-backups.js'
import {backupName, freeName, isBackupName} from '../../src/lib/backup/names.js'
import {outlived} from '../../src/lib/backup/retention.js'

const NOW = new Date('2027-01-15T08:00:00Z')
const DAY = 86_400_000

const backup = (daysOld: number, changes: Partial<ListedBackup> = {}): ListedBackup => ({
  name: `b${daysOld}`,
  folder: `/b/b${daysOld}`,
  madeAt: new Date(NOW.getTime() - daysOld * DAY).toISOString(),
  verifiedAt: null,
  verified: null,
  server: 'mfa1',
  data: '/data',
  role: 'primary',
  serverVersion: null,
  encrypted: false,
  installer: null,
  files: 1,
  bytes: 1,
  good: true,
  faults: [],
  ...changes,
})
const MINE = {server: 'mfa1', data: '/data', name: 'b0'}
const gone = (backups: readonly ListedBackup[], keep?: number, maxAgeDays?: number): readonly string[] =>
  outlived(backups, MINE, {keep, maxAgeMs: maxAgeDays === undefined ? undefined : maxAgeDays * DAY}, NOW).map(
    ({name}) => name,
  )

test.each<readonly [string, number | undefined, number | undefined, readonly string[]]>([
  ['no limit', undefined, undefined, []],
  ['--keep 1', 1, undefined, ['b1', 'b40', 'b50']],
  ['--keep 3', 3, undefined, ['b50']],
  ['--keep 9', 9, undefined, []],
  ['--max-age 30d', undefined, 30, ['b40', 'b50']],
  ['both: either is enough', 2, 45, ['b40', 'b50']],
])('%s', (_, keep, maxAge, expected) => {
  expect(gone([backup(0), backup(1), backup(40), backup(50)], keep, maxAge)).toEqual(expected)
})

test('damaged ones neither count nor go; another server’s are not touched', () => {
  const backups = [
    backup(0),
    backup(1, {good: false}),
    backup(2, {server: 'mfa2'}),
    backup(3, {data: '/other'}),
    backup(4),
    backup(5),
  ]
  expect(gone(backups, 2)).toEqual(['b5'])
})

test('the one just made stays where another says that it is from the future, and that one counts as older', () => {
  const ahead = backup(-30, {name: 'ahead'})
  expect(gone([ahead, backup(0), backup(1)], 1)).toEqual(['ahead', 'b1'])
  expect(gone([ahead, backup(0), backup(1)], 2)).toEqual(['b1'])
})

test('the last good one stays, however old', () => {
  expect(gone([backup(1, {good: false}), backup(400)], 1, 30)).toEqual([])
})

test('never the newest good one, never a damaged one, never more than --keep good ones stay', () => {
  const some = fc.array(fc.record({days: fc.nat(100), good: fc.boolean()}), {maxLength: 12})
  fc.assert(
    fc.property(
      some,
      fc.integer({min: 1, max: 5}),
      fc.option(fc.integer({min: 1, max: 60})),
      (list, keep, maxAge) => {
        const backups = list
          .toSorted((a, b) => a.days - b.days)
          .map(({days, good}, index) => backup(days, {good, name: `n${index}`}))
        const removed = new Set(gone(backups, keep, maxAge ?? undefined))
        const good = backups.filter((one) => one.good)
        expect(backups.filter((one) => !one.good && removed.has(one.name))).toEqual([])
        expect(good.length === 0 || !removed.has(good[0]?.name ?? '')).toBe(true)
        expect(good.filter(({name}) => !removed.has(name)).length).toBeLessThanOrEqual(keep)
      },
    ),
  )
})

test('names sort by time, and two in a second differ', () => {
  const name = backupName(NOW)
  expect(name).toBe('mfa-server-20270115T080000Z')
  expect(freeName(NOW, [])).toBe(name)
  expect(freeName(NOW, [name])).toBe(`${name}-2`)
  expect(freeName(NOW, [name, `${name}-2`])).toBe(`${name}-3`)
  expect([name, `${name}-2`, 'mfa-server-', `.${name}`, `${name}.part`].map(isBackupName)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})
