import {chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {Writable} from 'node:stream'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {OathSecret, Secret} from '../../src/lib/model/secret.js'
import {openLog} from '../../src/lib/state/log.js'
import {dropOldLogs} from '../../src/lib/state/log-file.js'
import {openDatabase} from '../../src/lib/state/open-database.js'
import {openState} from '../../src/lib/state/open-state.js'
import {aclCommand} from '../../src/lib/state/restrict.js'
import {MIGRATIONS} from '../../src/lib/state/schema.js'
import {SqliteJournal} from '../../src/lib/state/sqlite-journal.js'
import {startChild} from '../helpers/child.js'
import {FakeClock} from '../fakes/clock.js'

const posix = process.platform !== 'win32'
const clock = new FakeClock()
const now = clock.now()
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mfa-state-'))
})
afterEach(() => rm(root, {recursive: true, force: true}))

const mode = (path: string): number => statSync(path).mode & 0o777
const failing = async (work: () => unknown): Promise<MfaError> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof MfaError) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('R8: for the owner only', () => {
  test.runIf(posix)('folder 0700, every file 0600, logs too', async () => {
    const path = join(root, 'a', 'state')
    const state = await openState({kind: 'folder', path}, {clock})
    await state.journal.hashKey()
    const log = await openLog(state.logFolder, 'one')
    log.write('info', 'hello')
    expect(mode(path)).toBe(0o700)
    expect(mode(state.logFolder)).toBe(0o700)
    expect(mode(log.file)).toBe(0o600)
    const files = readdirSync(path).filter((name) => name.startsWith('state.db'))
    expect(files.toSorted()).toEqual(['state.db', 'state.db-shm', 'state.db-wal'])
    for (const name of files) expect(mode(join(path, name))).toBe(0o600)
    log.close()
    await state.close()
  })

  test.runIf(posix)('rights that were opened are closed again', async () => {
    const path = join(root, 'state')
    await (await openState({kind: 'folder', path}, {clock})).close()
    chmodSync(path, 0o755)
    chmodSync(join(path, 'state.db'), 0o644)
    await (await openState({kind: 'folder', path}, {clock})).close()
    expect(mode(path)).toBe(0o700)
    expect(mode(join(path, 'state.db'))).toBe(0o600)
  })

  test.runIf(posix)("a folder with other people's things keeps its rights", async () => {
    const path = join(root, 'shared')
    mkdirSync(path)
    chmodSync(path, 0o755)
    writeFileSync(join(path, 'readme.txt'), 'x')
    const state = await openState({kind: 'sqlite', file: join(path, 'my.db')}, {clock})
    expect(mode(path)).toBe(0o755)
    expect(mode(join(path, 'my.db'))).toBe(0o600)
    expect(state.folder).toBe(path)
    await state.close()
  })

  test('on Windows through icacls, by its full path, no shell', () => {
    const env = {SystemRoot: 'D:\\Windows', USERDOMAIN: 'CONTOSO'}
    expect(aclCommand('C:\\state & co\\state.db', false, 'ann', env)).toEqual({
      file: 'D:\\Windows\\System32\\icacls.exe',
      args: [
        'C:\\state & co\\state.db',
        '/inheritance:r',
        '/grant:r',
        'CONTOSO\\ann:F',
        '/grant:r',
        '*S-1-5-18:F',
        '/q',
      ],
    })
    expect(aclCommand('C:\\state', true, 'ann', {}).args).toContain('ann:(OI)(CI)F')
  })
})

describe('versions', () => {
  const file = (): string => join(root, 'state.db')

  test('an older state is copied, then brought up to date', async () => {
    const old = new SqliteJournal(openDatabase(file(), {now}), clock)
    const key = Buffer.from(await old.hashKey())
    await old.close()
    const migrations = [...MIGRATIONS, 'CREATE TABLE later (id TEXT) STRICT']
    const db = openDatabase(file(), {now, migrations})
    expect(db.get('PRAGMA user_version')).toEqual({user_version: migrations.length})
    expect(db.get('SELECT count(*) AS n FROM later')).toEqual({n: 0})
    db.close()
    const copy = `${file()}.v${MIGRATIONS.length}.20260301T090000Z`
    expect(posix ? mode(copy) : 0o600).toBe(0o600)
    const before = new SqliteJournal(openDatabase(copy, {now}), clock)
    expect(Buffer.from(await before.hashKey()).equals(key)).toBe(true)
    await before.close()
  })

  test('an upgrade that fails leaves everything as it was', () => {
    openDatabase(file(), {now}).close()
    const broken = [...MIGRATIONS, 'CREATE TABLE later (id TEXT) STRICT; SELECT nonsense']
    expect(() => openDatabase(file(), {now, migrations: broken})).toThrow('nonsense')
    const db = openDatabase(file(), {now})
    expect(db.get('PRAGMA user_version')).toEqual({user_version: MIGRATIONS.length})
    db.close()
  })

  test('a newer state is refused with the version it needs', async () => {
    openDatabase(file(), {now, migrations: [...MIGRATIONS, 'SELECT 1']}).close()
    const error = await failing(() => openState({kind: 'sqlite', file: file()}, {clock}))
    expect(error.exit).toBe('usage')
    expect(error.message).toContain(`state version ${MIGRATIONS.length + 1}`)
    expect(error.message).toContain(file())
    expect(readdirSync(root).filter((name) => name.includes('.v'))).toEqual([])
  })

  test('two that open a new state at once both get it', async () => {
    const opened = await Promise.all(
      [1, 2, 3].map(() => openState({kind: 'folder', path: join(root, 'new')}, {clock})),
    )
    const keys = await Promise.all(opened.map(({journal}) => journal.hashKey()))
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
    for (const state of opened) await state.close()
  })
})

describe('what cannot be opened is said with the path and what to do', () => {
  test('a file that is no database', async () => {
    const file = join(root, 'state.db')
    writeFileSync(file, 'this is a text file, and a long one. '.repeat(200))
    const error = await failing(() => openState({kind: 'sqlite', file}, {clock}))
    expect([error.code, error.exit]).toEqual(['STATE_DAMAGED', 'data'])
    expect(error.message).toContain(file)
    expect(error.fix).toBeTruthy()
  })

  test("somebody else's SQLite file", async () => {
    const file = join(root, 'other.db')
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE t (x)')
    other.close()
    const error = await failing(() => openState({kind: 'sqlite', file}, {clock}))
    expect([error.code, error.exit]).toEqual(['STATE_DAMAGED', 'data'])
    expect(readFileSync(file).includes('CREATE TABLE runs')).toBe(false)
  })

  test('a damaged state', async () => {
    const path = join(root, 'state')
    const state = await openState({kind: 'folder', path}, {clock})
    await state.journal.hashKey()
    await state.close()
    const file = join(path, 'state.db')
    const bytes = readFileSync(file)
    bytes.fill(0xff, 4096)
    writeFileSync(file, bytes)
    const error = await failing(async () => {
      const again = await openState({kind: 'folder', path}, {clock})
      try {
        await again.journal.runs()
      } finally {
        await again.close()
      }
    })
    expect([error.code, error.exit]).toEqual(['STATE_DAMAGED', 'data'])
  })

  test('a row that was not written like this', async () => {
    const path = join(root, 'state')
    const state = await openState({kind: 'folder', path}, {clock})
    await state.journal.beginRun({
      kind: 'migrate', tenantId: 't', sourceLabel: 's', sourceFingerprint: 'f', options: {}, resumeKey: 'k', startedAt: 'now',
    }) // prettier-ignore
    const other = new DatabaseSync(join(path, 'state.db'))
    other.exec(`UPDATE runs SET options = '[1'`)
    other.close()
    const error = await failing(() => state.journal.runs())
    expect([error.code, error.exit]).toEqual(['STATE_DAMAGED', 'data'])
    expect(error.message).toContain('"options"')
    await state.close()
  })

  test('a folder where a file is in the way', async () => {
    writeFileSync(join(root, 'file'), '')
    const error = await failing(() => openState({kind: 'folder', path: join(root, 'file', 'state')}, {clock}))
    expect([error.code, error.exit]).toEqual(['STATE_NOT_A_FOLDER', 'usage'])
    expect(error.fix).toContain('--state')
  })

  test('no right to write, and a full disk', async () => {
    const db = openDatabase(join(root, 'state.db'), {now})
    const journal = new SqliteJournal(db, clock)
    db.exec('PRAGMA query_only = 1')
    expect(await failing(() => journal.hashKey())).toMatchObject({code: 'STATE_NOT_WRITABLE', exit: 'usage'})
    db.exec('PRAGMA query_only = 0; PRAGMA max_page_count = 1')
    const start = {
      kind: 'migrate', tenantId: 't', sourceLabel: 's'.repeat(100_000), sourceFingerprint: 'f', options: {}, resumeKey: 'k', startedAt: 'now',
    } as const // prettier-ignore
    const full = await failing(() => journal.beginRun(start))
    expect([full.code, full.exit]).toEqual(['STATE_DISK_FULL', 'unavailable'])
    expect(full.message).toContain(root)
    db.exec('PRAGMA max_page_count = 1000000')
    expect((await journal.beginRun({...start, sourceLabel: 's'})).resumed).toBe(false)
    await journal.close()
  })
})

describe('locks between processes', () => {
  test('of those that want one lock at the same moment exactly one gets it', async () => {
    const children = Array.from({length: 4}, () => startChild('lock-child', [root]))
    for (const child of children) expect(await child.line()).toBe('ready')
    for (const child of children) child.process.stdin.write('go\n')
    const said = await Promise.all(children.map((child) => child.line()))
    expect(said.toSorted((a = '', b = '') => a.localeCompare(b))).toEqual([
      'locked',
      'locked',
      'locked',
      'won',
    ])
    for (const child of children) child.process.stdin.end('end\n')
    await Promise.all(children.map((child) => child.ended))
  })

  test('the lock of a killed process is taken over at once', async () => {
    const child = startChild('lock-child', [root])
    await child.line()
    child.process.stdin.write('go\n')
    expect(await child.line()).toBe('won')
    const state = await openState({kind: 'folder', path: root}, {clock: realClock})
    expect(await failing(() => state.journal.lock('tenant', 'mfa undo'))).toMatchObject({exit: 'locked'})
    child.process.kill('SIGKILL')
    await child.ended
    const lock = await state.journal.lock('tenant', 'mfa undo')
    expect(await state.journal.locks()).toMatchObject([{command: 'mfa undo', pid: process.pid}])
    await lock.release()
    await state.close()
  })

  const foreign = async (set: string): Promise<void> => {
    const db = new DatabaseSync(join(root, 'state.db'))
    db.exec(`UPDATE locks SET ${set}`)
    db.close()
  }

  test('of another host only after its expiry', async () => {
    const time = new FakeClock()
    const state = await openState({kind: 'folder', path: root}, {clock: time})
    const first = await state.journal.lock('tenant', 'mfa migrate')
    await foreign(`host = 'elsewhere', pid = 999999999`)
    time.advance(59_000)
    const held = await failing(() => state.journal.lock('tenant', 'mfa undo'))
    expect(held.message).toContain('elsewhere')
    time.advance(1000)
    await state.journal.lock('tenant', 'mfa undo')
    await first.release()
    expect(await state.journal.locks()).toMatchObject([{command: 'mfa undo'}])
    await state.close()
  })

  test.runIf(process.platform === 'linux')(
    'a clock that jumps takes no lock from a process that runs',
    async () => {
      const time = new FakeClock()
      const state = await openState({kind: 'folder', path: root}, {clock: time})
      await state.journal.lock('tenant', 'mfa migrate')
      time.jump(3_600_000)
      const work = (): Promise<unknown> => state.journal.lock('tenant', 'mfa undo')
      expect(await failing(work)).toMatchObject({exit: 'locked'})
      await state.close()
    },
  )

  test.runIf(process.platform === 'linux')('of a process whose number now belongs to another', async () => {
    const state = await openState({kind: 'folder', path: root}, {clock})
    await state.journal.lock('tenant', 'mfa migrate')
    await foreign(`process = json_array(json_extract(process, '$[0]'), 'long ago')`)
    const lock = await state.journal.lock('tenant', 'mfa undo')
    expect(await state.journal.locks()).toMatchObject([{command: 'mfa undo'}])
    await lock.release()
    await state.close()
  })

  test('the heartbeat goes on, and a lock that somebody took is lost', async () => {
    const timing = {heartbeat: 10, expiry: 60}
    const state = await openState({kind: 'folder', path: root}, {clock: realClock, lockTiming: timing})
    const lock = await state.journal.lock('tenant', 'mfa migrate')
    const [first] = await state.journal.locks()
    const beats = async (): Promise<boolean> =>
      (await state.journal.locks())[0]?.heartbeat !== first?.heartbeat
    while (!(await beats())) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(lock.lost.aborted).toBe(false)
    await foreign(`ticket = 'another'`)
    await new Promise((resolve) => lock.lost.addEventListener('abort', resolve))
    expect(lock.lost.reason).toMatchObject({code: 'LOCK_LOST', exit: 'locked'})
    await lock.release()
    expect(await state.journal.locks()).toHaveLength(1)
    await state.close()
  })
})

const realClock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: async (): Promise<void> => {},
}

describe('log', () => {
  test('is JSON Lines without secrets, also for people', async () => {
    const shown: string[] = []
    const verbose = new Writable({
      write(chunk, _encoding, done) {
        shown.push(String(chunk))
        done()
      },
    })
    const log = await openLog(root, 'run', {verbose, now: () => clock.now()})
    const circle: Record<string, unknown> = {name: 'loop'}
    circle['self'] = circle
    log.write('warn', 'sending \u001b[31m', {
      seed: new OathSecret('JBSWY3DPEHPK3PXP'),
      list: [new Secret('hidden-1')],
      headers: {Authorization: 'Bearer hidden-2', accept: 'json'},
      access_token: 'hidden-3',
      error: new MfaError('X', 'outer', {exit: 'auth', cause: new Error('inner')}),
      circle,
      big: 5n,
    })
    log.write('info', 'second')
    log.close()
    const text = readFileSync(join(root, 'run.jsonl'), 'utf8')
    const [first, second] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(first).toMatchObject({
      level: 'warn',
      time: '2026-03-01T09:00:00.000Z',
      message: 'sending \u001b[31m',
      seed: '[secret]',
      list: ['[secret]'],
      headers: {Authorization: '[secret]', accept: 'json'},
      error: {code: 'X', message: 'outer', cause: {message: 'inner'}},
      big: '5',
    })
    expect(second).toMatchObject({level: 'info', message: 'second'})
    expect(shown).toHaveLength(2)
    expect(shown[0]).toMatch(/^09:00:00\.000 warn  sending \\x1b\[31m \{/)
    expect(text + shown.join('')).not.toMatch(/hidden-|JBSWY3/)
  })

  test('goes on in a new part when it is full, and keeps ten parts', async () => {
    const log = await openLog(root, 'run', {partBytes: 1000})
    const long = 'x'.repeat(200)
    for (let turn = 1; turn <= 100; turn++) log.write('info', `line ${turn}`, {long})
    log.close()
    const names = readdirSync(root).toSorted()
    expect(names).toEqual([...Array.from({length: 9}, (_, index) => `run.${index + 1}.jsonl`), 'run.jsonl'])
    const oldestFirst = [...Array.from({length: 9}, (_, index) => `run.${9 - index}.jsonl`), 'run.jsonl']
    const lines = oldestFirst.flatMap((name) => readFileSync(join(root, name), 'utf8').trimEnd().split('\n'))
    const messages = lines.map((line) => (JSON.parse(line) as {message: string}).message)
    // Every line from the oldest kept one on, in order.
    const first = 101 - messages.length
    expect(messages).toEqual(messages.map((_, index) => `line ${first + index}`))
    for (const name of names) {
      expect(statSync(join(root, name)).size).toBeLessThanOrEqual(1000)
      expect(statSync(join(root, name)).mode & 0o777).toBe(0o600)
    }
    expect(messages.length).toBeGreaterThan(20)
  })

  test('of rounds long ago go, those of other commands stay', async () => {
    const now = new Date('2026-11-01T00:00:00.000Z')
    const ages = {
      '2026-07-01-sync-once.jsonl': 100,
      '2026-07-01-sync-run.3.jsonl': 100,
      '2026-07-01-sync-run.jsonl': 1,
      '2026-07-01T00-00-00-000Z-migrate-7.jsonl': 100,
    }
    for (const [name, days] of Object.entries(ages)) {
      writeFileSync(join(root, name), '')
      const at = new Date(now.getTime() - days * 24 * 3_600_000)
      utimesSync(join(root, name), at, at)
    }
    await dropOldLogs(root, now)
    expect(readdirSync(root).toSorted()).toEqual([
      '2026-07-01-sync-run.jsonl',
      '2026-07-01T00-00-00-000Z-migrate-7.jsonl',
    ])
  })

  test('appends, and says where it cannot', async () => {
    for (const name of ['one', 'two']) {
      const log = await openLog(root, 'run')
      log.write('info', name)
      log.close()
    }
    expect(readFileSync(join(root, 'run.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(2)
    mkdirSync(join(root, 'folder.jsonl'))
    const error = await failing(() => openLog(root, 'folder'))
    expect(error.message).toContain('folder.jsonl')
  })
})
