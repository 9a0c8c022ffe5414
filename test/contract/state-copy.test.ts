import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import type {ActionId, ObjectId} from '../../src/lib/model/brand.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import {copyState} from '../../src/lib/state/copy-state.js'
import {openCopyEnd, openState, type StateLocation} from '../../src/lib/state/open-state.js'
import {FakeClock} from '../fakes/clock.js'
import {dump, player, scriptOf, TENANT} from '../helpers/journal-script.js'
import {newPlace} from '../helpers/mfa.js'
import type {PgJournal} from '../../src/lib/state/postgres/pg-journal.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

const never = new AbortController().signal

describe.skipIf(!hasPostgres)('a state that is copied', () => {
  let postgres: TestPostgres
  let folder: string
  const clock = new FakeClock()

  beforeAll(async () => {
    postgres = await startPostgres()
    process.env['PGPASSWORD'] = postgres.password
    folder = await mkdtemp(join(tmpdir(), 'mfa-copy-'))
  })
  afterAll(async () => {
    delete process.env['PGPASSWORD']
    postgres.stop()
    await rm(folder, {recursive: true, force: true})
  })

  const sqlite = (name: string): StateLocation => ({kind: 'folder', path: join(folder, name)})
  const shared = (): StateLocation => ({kind: 'postgres', address: postgres.address(), path: folder})
  async function on<T>(place: StateLocation, work: (journal: Journal) => Promise<T>): Promise<T> {
    const state = await openState(place, {clock})
    try {
      return await work(state.journal)
    } finally {
      await state.close()
    }
  }
  async function copy(from: StateLocation, to: StateLocation) {
    const [one, other] = [await openCopyEnd(from, 'from', {clock}), await openCopyEnd(to, 'to', {clock})]
    try {
      return await copyState(one, other, never)
    } finally {
      await one.close()
      await other.close()
    }
  }
  async function fill(journal: Journal, seed: number, length: number): Promise<void> {
    const play = player(journal)
    for (const [index, step] of scriptOf(seed, length).entries()) await play(step, index)
    await journal.permissionsUsed(TENANT, 'client', ['User.Read.All'], '2026-03-01T00:00:00.000Z')
  }
  const keyOf = async (journal: Journal) => Buffer.from(await journal.hashKey()).toString('hex')

  it('tells the same from PostgreSQL, and again from SQLite', async () => {
    const [first, second, third] = [sqlite('first'), shared(), sqlite('third')]
    const before = await on(first, async (journal) => {
      await fill(journal, 7, 1500)
      return {all: await dump(journal), key: await keyOf(journal)}
    })
    const there = await copy(first, second)
    const back = await copy(second, third)
    expect(back.sha256).toBe(there.sha256)
    expect(back.rows).toEqual(there.rows)
    expect(there.rows['actions']).toBeGreaterThan(300)
    for (const place of [second, third])
      expect(
        await on(place, async (journal) => ({all: await dump(journal), key: await keyOf(journal)})),
      ).toEqual(before)
  })

  it('goes on where it was: what is written next is numbered behind it', async () => {
    const [first, second] = [sqlite('on-1'), shared()]
    await on(first, (journal) => fill(journal, 3, 40))
    await copy(first, second)
    await on(second, async (journal) => {
      const [run] = await journal.runs()
      if (run === undefined) throw new Error('no run')
      const action = 'later' as ActionId
      await journal.intent({
        run: run.id,
        user: 'u1' as ObjectId,
        userPrincipalName: 'u1@contoso.com',
        action,
        intent: {},
        intentAt: '2026-03-02T00:00:00.000Z',
      })
      const actions = []
      for await (const each of journal.actions(run.id)) actions.push(each.action)
      expect(actions.at(-1)).toBe(action)
    })
  })

  it('is refused where the target holds something, where the source is in use, or is not there', async () => {
    const [first, second] = [sqlite('full'), shared()]
    await on(first, (journal) => fill(journal, 1, 10))
    await copy(first, second)
    await expect(copy(first, second)).rejects.toMatchObject({code: 'STATE_NOT_EMPTY', exit: 'usage'})
    await on(first, async (journal) => {
      const lock = await journal.lock('migrate x', 'mfa migrate')
      await expect(copy(first, shared())).rejects.toMatchObject({code: 'STATE_IN_USE', exit: 'locked'})
      await lock.release()
    })
    await expect(copy(sqlite('nowhere'), shared())).rejects.toMatchObject({code: 'STATE_MISSING'})
  })

  it('does not wait for somebody who died', async () => {
    const [first, second] = [shared(), shared()]
    await on(first, async (journal) => {
      await fill(journal, 1, 10)
      await journal.lock('worker t x', 'mfa sync run')
      const {db} = journal as PgJournal
      // As a machine leaves it that lost its power an hour ago.
      await db.run(`UPDATE locks SET host = 'elsewhere', expires = '2026-01-01T00:00:00.000Z'`)
      expect((await copy(first, second)).rows['runs']).toBe(1)
    })
  })

  it('is used by the command line like any other', async () => {
    const place = await newPlace({PGPASSWORD: postgres.password, MFA_TENANT_ID: 'sandbox'})
    try {
      const state = ['--state', postgres.address()]
      const source = ['--source', 'examples/contoso', '--seed-file', 'examples/contoso/seeds.csv']
      const options = {cwd: process.cwd()}
      const group = ['--group', 'MFA early birds']
      const first = await place.mfa(['migrate', ...group, ...source, ...state, '--yes', '--json'], options)
      expect(first.code, first.stderr).toBe(0)
      const again = await place.mfa(['migrate', ...group, ...source, ...state, '--yes', '--json'], options)
      expect(again.json()).toMatchObject({summary: {unchanged: 6, actions: {planned: 0}}})
      const [, address = ''] = state
      const copied = await place.mfa(['state', 'copy', address, './copied', '--json'])
      expect(copied.code, copied.stdout).toBe(0)
      const runs = await place.mfa(['runs', 'list', '--state', './copied', '--json'])
      expect(runs.json()['runs']).toHaveLength(2)
      const wrong = await place.mfa(['runs', 'list', ...state, '--json'], {env: {PGPASSWORD: 'wrong'}})
      expect({code: wrong.code, json: wrong.json()}).toMatchObject({
        code: 64,
        json: {error: {code: 'STATE_SIGN_IN'}},
      })
      const gone = await place.mfa(['state', 'copy', 'postgres://a:hush@db/x', './y'])
      expect(gone.code).toBe(64)
      expect(gone.stderr).not.toContain('hush')
    } finally {
      await place.remove()
    }
  })
})
