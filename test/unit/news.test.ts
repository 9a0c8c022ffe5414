import {describe, expect, it} from 'vitest'

import {isNews, LatestResults} from '../../src/lib/migration/news.js'
import type {Finding} from '../../src/lib/migration/plan.js'
import type {ObjectId, RunId} from '../../src/lib/model/brand.js'
import type {LatestResult, Stands} from '../../src/lib/ports/journal.js'

const finding = (detail: string): Finding => ({code: 'no-server-user', rule: 'U3', item: 'user', detail})
const NOTHING: Finding = {code: 'nothing-to-carry', rule: 'U2', item: 'user', detail: 'nothing'}
const [ONE, OTHER] = [finding('one'), finding('another')]

function last(stands: Stands, outcome?: string, findings: readonly Finding[] = []): LatestResult {
  const told = {run: '01J' as RunId, outcome: outcome ?? '', findings, at: '2026-03-01T10:00:00.000Z'}
  const base = {user: 'u' as ObjectId, userPrincipalName: 'u@contoso.com', group: 'g' as ObjectId}
  return {...base, failures: 0, stands, ...(outcome === undefined ? {} : {told})}
}

describe('whether a result tells something new', () => {
  it.each([
    ['of somebody without any', 'unchanged', [], undefined, true],
    ['unchanged after migrated', 'unchanged', [], last('migrated', 'migrated'), false],
    ['unchanged after migrated with a finding', 'unchanged', [], last('migrated', 'migrated', [ONE]), false],
    ['nothing to carry', 'unchanged', [NOTHING], last('migrated', 'migrated'), true],
    [
      'nothing to carry again',
      'unchanged',
      [NOTHING],
      last('nothing-to-carry', 'unchanged', [NOTHING]),
      false,
    ],
    [
      'not looked at after nothing to carry',
      'unchanged',
      [],
      last('nothing-to-carry', 'unchanged', [NOTHING]),
      false,
    ],
    ['unchanged after a failure', 'unchanged', [], last('failed', 'failed', [ONE]), true],
    ['unchanged after being put back', 'unchanged', [], last('put-back', 'migrated'), true],
    ['back in the group', 'unchanged', [], last('left', 'migrated'), true],
    ['failed again', 'failed', [ONE], last('failed', 'failed', [ONE]), true],
    ['in doubt again', 'partly', [ONE], last('partly', 'partly', [ONE]), true],
    ['unmatched for the same reason', 'unmatched', [ONE], last('unmatched', 'unmatched', [ONE]), false],
    ['unmatched for another reason', 'unmatched', [OTHER], last('unmatched', 'unmatched', [ONE]), true],
    ['disabled after unmatched', 'disabled', [ONE], last('unmatched', 'unmatched', [ONE]), true],
    [
      'unchanged with the finding of the migration',
      'unchanged',
      [ONE],
      last('migrated', 'migrated', [ONE]),
      false,
    ],
    ['unchanged with another finding', 'unchanged', [OTHER], last('migrated', 'migrated', [ONE]), true],
    ['unchanged with the finding of a failure', 'unchanged', [ONE], last('migrated', 'failed', [ONE]), true],
    ['unchanged with a finding where nothing was told', 'unchanged', [ONE], last('migrated'), true],
  ] as const)('%s', (_name, outcome, findings, before, expected) => {
    expect(isNews({outcome, findings}, before)).toBe(expected)
  })
})

describe('what earlier results come to', () => {
  it('is asked once for all who are asked for at the same moment, and anew for others', async () => {
    const asked: (readonly string[])[] = []
    const journal = {
      latestOf: async (_tenant: string, users: readonly ObjectId[], group?: ObjectId) => {
        asked.push([String(group), ...users])
        return users.filter((user) => user !== 'nobody').map((user) => ({...last('migrated'), user}))
      },
    }
    const latest = new LatestResults(journal, 't', 'g' as ObjectId)
    const of = (user: string) => latest.of(user as ObjectId)
    const found = await Promise.all(['a', 'nobody', 'b', 'a'].map(of))
    expect(found.map((one) => one?.user)).toEqual(['a', undefined, 'b', 'a'])
    expect((await of('c'))?.user).toBe('c')
    expect(asked).toEqual([
      ['g', 'a', 'nobody', 'b'],
      ['g', 'c'],
    ])
  })
})
