import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

let place: Place
beforeAll(async () => {
  place = await newPlace({MFA_TENANT_ID: 'sandbox'})
  const source = ['--source', CONTOSO, '--seed-file', `${CONTOSO}/seeds.csv`]
  const migrated = await place.mfa(['migrate', '--group', 'MFA early birds', ...source, '--yes'])
  expect(migrated.code, migrated.stderr).toBe(0)
})
afterAll(() => place.remove())

interface Shown {
  readonly steps: readonly {readonly id: string; readonly state: string; readonly next: string | null}[]
  readonly next: {readonly step: string; readonly command: string | null} | null
  readonly groups: readonly {readonly displayName: string}[]
  readonly pilots: readonly object[]
  readonly attention: readonly string[]
}
const status = async (...args: readonly string[]): Promise<Shown> => {
  const {code, stderr, json} = await place.mfa(['status', ...args, '--json'])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  return json() as unknown as Shown
}
const stateOf = ({steps}: Shown, id: string) => steps.find((step) => step.id === id)?.state

describe('mfa status', () => {
  it('knows what was migrated, and begins with what was not done', async () => {
    const shown = await status()
    expect(stateOf(shown, 'migrate')).toBe('done')
    expect(shown.groups).toMatchObject([{displayName: 'MFA early birds', users: 6, migrated: 6}])
    expect(shown.next).toMatchObject({step: 'assess'})
  })

  it('takes back what an undo put back', async () => {
    await place.mfa(['undo', 'last', '--user', 'ada.sunrise@contoso.com', '--yes'])
    expect((await status()).groups).toMatchObject([{users: 6, migrated: 5}])
  })

  it('shows what people confirm, until they take it back', async () => {
    expect((await place.mfa(['status', 'confirm', 'portal', '--note', 'redirected'])).code).toBe(0)
    expect(stateOf(await status(), 'portal')).toBe('done')
    expect((await place.mfa(['status', 'confirm', 'portal', '--revoke'])).code).toBe(0)
    expect(stateOf(await status(), 'portal')).toBe('open')
  })

  it('keeps what pilot users found', async () => {
    const user = 'bo.daybreak@contoso.com'
    const failed = await place.mfa(['status', 'check', user, '--failed', 'calls-and-texts'])
    expect(failed.code, failed.stderr).toBe(0)
    expect(await status()).toMatchObject({
      pilots: [{userPrincipalName: user, answers: {'calls-and-texts': 'failed'}}],
      attention: [`pilot ${user} failed: calls-and-texts`],
    })
    const all = ['methods-visible', 'calls-and-texts', 'sign-in', 'notifications'].flatMap((check) => [
      '--passed',
      check,
    ])
    await place.mfa(['status', 'check', user, ...all, '--not-applicable', 'hardware-token'])
    const shown = await status()
    expect(stateOf(shown, 'pilot')).toBe('done')
    expect(shown.attention).toEqual([])
  })

  it('counts as the migration did: who has nothing to carry over is neither migrated nor left', async () => {
    const pilot = [
      '--group',
      'MFA pilot',
      '--source',
      CONTOSO,
      '--seed-file',
      join(CONTOSO, 'seeds.csv'),
      '--json',
    ]
    const summary = (await place.mfa(['migrate', ...pilot, '--yes'])).json()['summary'] as {
      migrated: number
      unchanged: number
    }
    for (const round of [0, 1]) {
      const {groups, steps} = await status()
      expect([round, groups.find(({displayName}) => displayName === 'MFA pilot')]).toEqual([
        round,
        expect.objectContaining({
          users: 76,
          migrated: summary.migrated + summary.unchanged - 3,
          nothingToCarry: 3,
        }),
      ])
      expect(JSON.stringify(steps)).toContain('left: 11 of')
      expect((await place.mfa(['sync', 'once', ...pilot])).code).toBe(3)
    }
  })

  it('writes a page and a list', async () => {
    const {code, stdout} = await place.mfa(['status', '--report', 'status.html', '--csv', 'status.csv'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/\d+ of 12 steps are done; next: identify dependencies\nNext: mfa server assess/)
    const page = await readFile(`${place.work}/status.html`, 'utf8')
    expect(page).toContain('Where this migration stands')
    expect(page).not.toContain('NaN')
    expect(await place.read('status.csv')).toContain('Update domain federation settings')
  })

  it.each([
    [
      ['status', 'check', 'a@contoso.com', '--passed', 'sign-in', '--failed', 'sign-in'],
      64,
      'it is also said to be passed',
    ],
    [['status', 'check', 'a@contoso.com', '--passed', 'everything'], 64, 'Expected --passed=everything'],
    [
      ['status', 'check', 'nobody@contoso.com', '--passed', 'sign-in'],
      64,
      'there is no user nobody@contoso.com',
    ],
    [['status', 'check', 'ada.sunrise@contoso.com'], 64, '--passed, --failed or --not-applicable'],
    [['status', 'confirm', 'everything'], 64, 'everything'],
    [['status', '--answers', 'none.yaml'], 64, 'none.yaml'],
  ])('%j ends with %i', async (args, code, message) => {
    const result = await place.mfa(args)
    expect({code: result.code, stderr: result.stderr}).toMatchObject({code})
    expect(result.stderr).toContain(message)
  })

  it('says what it could not look at where nobody is signed in', async () => {
    const {code, json} = await place.mfa(['status', '--json'], {
      env: {MFA_TENANT_ID: '11111111-1111-4111-8111-111111111111'},
    })
    expect(code).toBe(0)
    const shown = json() as unknown as Shown
    expect(stateOf(shown, 'configure')).toBe('open')
    expect(shown.steps.find(({id}) => id === 'federation')).toMatchObject({
      state: 'unknown',
      next: 'mfa auth login',
    })
  })
})
