import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {beforeEach, expect, it, onTestFinished} from 'vitest'
import {Database} from '../../src/lib/state/database.js'
import {GroupCommit} from '../../src/lib/state/group-commit.js'
import {rejection} from './transport-helpers.js'

let file: string
let db: Database
let group: GroupCommit
let commits: number

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mfa-group-'))
  file = join(folder, 'group.db')
  db = new Database(file)
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)')
  commits = 0
  const {exec} = db
  db.exec = (sql) => {
    if (sql === 'COMMIT') commits += 1
    exec.call(db, sql)
  }
  group = new GroupCommit(db)
  onTestFinished(async () => {
    db.close()
    await rm(folder, {recursive: true, force: true})
  })
})

const insert = (n: number) => (): number => db.run('INSERT INTO t (n) VALUES (?)', n)

/** What another process would find in the file now. */
function onDisk(): readonly unknown[] {
  const other = new Database(file)
  try {
    return other.all('SELECT n FROM t ORDER BY n').map(({n}) => n)
  } finally {
    other.close()
  }
}

it('writes what is asked for together in one commit, in order, and resolves once it is on the disk', async () => {
  const seen: (readonly unknown[])[] = []
  const writes = [1, 2, 3].map((n) =>
    group.write(insert(n)).then((changed) => seen.push(onDisk()) && changed),
  )
  expect(onDisk()).toEqual([])
  expect(await Promise.all(writes)).toEqual([1, 1, 1])
  expect(seen).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ])
  expect(commits).toBe(1)
})

it('lets one that fails fail alone', async () => {
  const failing = group.write(() => {
    insert(9)()
    throw new Error('this one')
  })
  const writes = [group.write(insert(1)), failing, group.write(insert(2))]
  expect((await rejection(failing)).message).toBe('this one')
  const settled = await Promise.allSettled(writes)
  expect(settled.map(({status}) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(onDisk()).toEqual([1, 2])
})

it('tells all of them where the file cannot be written', async () => {
  const writes = [group.write(insert(1)), group.write(insert(2))]
  db.close()
  const settled = await Promise.allSettled(writes)
  expect(settled.map(({status}) => status)).toEqual(['rejected', 'rejected'])
})

it('writes what waits when it is flushed', async () => {
  const write = group.write(insert(1))
  group.flush()
  expect(onDisk()).toEqual([1])
  expect(await write).toBe(1)
})
