import {cpSync, readdirSync, statSync, truncateSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as pause} from 'node:timers/promises'
import {assert, asyncProperty, integer, nat, uniqueArray} from 'fast-check'
import {afterEach, beforeEach, expect, test} from 'vitest'
import type {ObjectId} from '../../src/lib/model/brand.js'
import {openState} from '../../src/lib/state/open-state.js'
import {FakeClock} from '../fakes/clock.js'
import {MemoryJournal} from '../fakes/memory-journal.js'
import {startChild} from '../helpers/child.js'
import {dump, player, type Step, scriptOf, TENANT} from '../helpers/journal-script.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mfa-crash-'))
})
afterEach(() => rm(root, {recursive: true, force: true}))

const clock = new FakeClock()

/** What a journal tells after the first n steps, for every n. */
async function prefixes(script: readonly Step[]): Promise<readonly string[]> {
  const model = new MemoryJournal(clock)
  const play = player(model)
  const all = [JSON.stringify(await dump(model))]
  for (const [index, step] of script.entries()) {
    await play(step, index)
    all.push(JSON.stringify(await dump(model)))
  }
  return all
}

async function dumpOf(path: string): Promise<string> {
  const state = await openState({kind: 'folder', path}, {clock})
  const text = JSON.stringify(await dump(state.journal))
  await state.close()
  return text
}

/** Steps that change nothing make neighbours equal: any of them will do. */
function holdsBetween(all: readonly string[], text: string, from: number, to: number): boolean {
  return all.slice(from, to + 1).includes(text)
}

test('a copy of the folder, taken at any moment, opens to what was written until then', async () => {
  let copies = 0
  await assert(
    asyncProperty(nat(), uniqueArray(integer({min: 0, max: 60}), {maxLength: 6}), async (seed, moments) => {
      const script = scriptOf(seed, 60)
      const all = await prefixes(script)
      const path = join(root, `state-${copies++}`)
      const state = await openState({kind: 'folder', path}, {clock})
      const play = player(state.journal)
      const taken: (readonly [number, string])[] = []
      for (let index = 0; index <= script.length; index++) {
        if (moments.includes(index)) {
          const copy = join(root, `copy-${copies++}`)
          cpSync(path, copy, {recursive: true})
          taken.push([index, copy])
        }
        const step = script[index]
        if (step !== undefined) await play(step, index)
      }
      await state.close()
      for (const [index, copy] of taken) expect(await dumpOf(copy)).toBe(all[index])
    }),
    {numRuns: 8},
  )
})

test('a log that was torn off at any byte opens to a prefix', async () => {
  let copies = 0
  const script = scriptOf(7, 60)
  const all = await prefixes(script)
  const path = join(root, 'state')
  const state = await openState({kind: 'folder', path}, {clock})
  const play = player(state.journal)
  // The schema is in the main file then, the steps in the log.
  const reader = await openState({kind: 'folder', path}, {clock})
  for (const [index, step] of script.entries()) await play(step, index)
  const size = statSync(join(path, 'state.db-wal')).size
  const seen = new Set<number>()
  await assert(
    asyncProperty(integer({min: Math.floor(size / 3), max: size}), async (length) => {
      const copy = join(root, `torn-${copies++}`)
      cpSync(path, copy, {recursive: true})
      truncateSync(join(copy, 'state.db-wal'), length)
      const at = all.indexOf(await dumpOf(copy))
      expect(at).toBeGreaterThanOrEqual(0)
      seen.add(at)
    }),
    {numRuns: 25, examples: [[size], [size - 1]]},
  )
  expect(seen.size).toBeGreaterThan(3)
  await reader.close()
  await state.close()
})

test('SIGKILL at any moment: what was acknowledged is there, and nothing out of order', async () => {
  const length = 400
  for (const [round, delay] of [0, 3, 10, 25, 60].entries()) {
    const seed = 100 + round
    const path = join(root, `killed-${round}`)
    const child = startChild('journal-child', [path, String(seed), String(length)])
    let acknowledged = Number(await child.line())
    await pause(delay)
    child.process.kill('SIGKILL')
    for (let line = await child.line(); line !== undefined; line = await child.line())
      if (line !== 'end') acknowledged = Number(line)
    await child.ended
    expect(acknowledged).toBeGreaterThan(0)

    const all = await prefixes(scriptOf(seed, length))
    const text = await dumpOf(path)
    expect(holdsBetween(all, text, acknowledged, acknowledged + 1)).toBe(true)
  }
})

test('killed and taken up again, many times, it ends as if nothing had been', async () => {
  const script: Step[] = [{do: 'begin', key: 'k'}]
  for (let n = 0; n < 30; n++) {
    script.push({do: 'intent', user: 'u1', action: n % 2 === 0 ? 'mobile' : 'office'})
    script.push({do: 'outcome', status: 'done'})
  }
  const [path, twin] = [join(root, 'state'), join(root, 'twin')]
  const whole = await openState({kind: 'folder', path: twin}, {clock})
  const playWhole = player(whole.journal)
  for (const [index, step] of script.entries()) await playWhole(step, index)
  const expected = JSON.stringify(await dump(whole.journal))
  await whole.close()

  // Every third step the process is gone: the folder is all that is left of it.
  let folder = path
  let state = await openState({kind: 'folder', path: folder}, {clock})
  const abandoned = [state]
  let play = player(state.journal)
  for (const [index, step] of script.entries()) {
    if (index > 0 && index % 3 === 0) {
      const next = `${path}-${index}`
      cpSync(folder, next, {recursive: true})
      folder = next
      state = await openState({kind: 'folder', path: folder}, {clock})
      abandoned.push(state)
      play = player(state.journal)
      await play({do: 'begin', key: 'k'}, index)
      const last = script[index - 1]
      // The outcome belongs to the intent before the crash.
      if (last?.do === 'intent') {
        const [open] =
          (await state.journal.memory(TENANT, ['u1' as ObjectId])).get('u1' as ObjectId)?.unsettled ?? []
        if (open?.action !== last.action) throw new Error('the intent is not there')
        play = player(state.journal, open)
      }
    }
    await play(step, index)
  }
  expect(JSON.stringify(await dump(state.journal))).toBe(expected)
  for (const one of abandoned) await one.close()
  expect(readdirSync(folder)).toContain('state.db')
})
