import {expect} from 'vitest'

import type {Faults} from '../../src/lib/sandbox/faults.js'
import {GROUP} from '../helpers/many-users.js'
import type {Environment} from '../helpers/mfa.js'
import {notInTenant, recordedIn, unsettledIn} from './checks.js'
import {randomFrom, type Random} from './random.js'
import {MIGRATE, newWorld, stateBefore, stateOf, UNPACED, type World} from './world.js'

export interface OrdealOptions {
  readonly seed: number
  readonly users: number
  /** Kills while the users are migrated. */
  readonly kills: number
  /** Kills while all of it is undone. */
  readonly undoKills: number
  /** Milliseconds until Entra shows what was written. */
  readonly lag: number
  readonly rates?: Faults
}

export interface OrdealFigures {
  readonly kills: number
  readonly operations: number
  readonly faults: Readonly<Record<string, number>>
  /** Runs that went to their end and left users in doubt; the same command took care of them. */
  readonly partial: number
  readonly minutes: number
}

/** One request in five goes wrong: by itself, or with the batch that it is in. The dice are thrown for both. */
const ONE_IN_FIVE: Faults = {
  throttle: 0.01,
  bareThrottle: 0.01,
  error: 0.03,
  lost: 0.03,
  reset: 0.03,
  slow: 0.02,
  retryAfter: 1,
  delay: 2,
}

/** What an undisturbed run leaves behind, and what it costs. */
export interface Undisturbed {
  readonly state: unknown
  readonly written: number
  /** What it costs to undo it. */
  readonly undone: number
}

export async function undisturbedRun(users: number): Promise<Undisturbed> {
  const world = await newWorld({users})
  try {
    const done = await world.run([...MIGRATE, ...UNPACED])
    expect(done.json()).toMatchObject({summary: {users, migrated: users}})
    const state = stateOf(world.sandbox.dump())
    const {written} = world.watcher.figures()
    const back = await world.run(['undo', 'last', '--yes', '--json', ...UNPACED])
    expect(back.json()).toMatchObject({summary: {users, undone: users}})
    return {state, written, undone: world.watcher.figures().written - written}
  } finally {
    await world.stop()
  }
}

/**
 * Migrates a group while one request in five goes wrong and the process is killed again and again, then undoes it the
 * same way. At the end the tenant, the journal and what was seen on the wire must agree with a run that nothing disturbed.
 */
export async function ordeal(options: OrdealOptions, undisturbed: Undisturbed): Promise<OrdealFigures> {
  const {seed, users, lag, rates = ONE_IN_FIVE} = options
  const began = performance.now()
  const random = randomFrom(seed)
  const world = await newWorld({users, faults: {...rates, consistency: lag, seed}})
  try {
    const before = stateBefore(world.sandbox.dump())
    const pace = ['--consistency', String(Math.ceil(lag / 1000) + 1), ...UNPACED]
    const migrate = [...MIGRATE, ...pace]

    const cut = await killOften(world, migrate, options.kills, undisturbed.written, random)
    const whole = await goOnUntilDone(world, migrate, {users, failed: 0, partly: 0})
    const partial = cut.partial + whole.partial
    expect(stateOf(world.sandbox.dump())).toEqual(undisturbed.state)
    expect(world.watcher.twice(), 'written twice').toEqual([])
    const recorded = await recordedIn(world.place.state)
    // One run over all kills: only what went to its end is not taken up again.
    expect(recorded.runs.map(({kind, status}) => `${kind} ${status}`)).toEqual(
      Array.from({length: 1 + partial}, () => 'migrate finished'),
    )
    expect(unsettledIn(recorded), 'nobody knows what became of it').toEqual([])
    expect(notInTenant(recorded, world.sandbox.dump()), 'done, and not there').toEqual([])

    await expectNothingLeft(world, migrate)

    world.watcher.forgetTargets()
    let undoKills = 0
    for (const {id} of recorded.runs) {
      const undo = ['undo', id, '--yes', '--json', ...pace]
      // The first run did most of it.
      if (id === recorded.runs.at(-1)?.id) {
        const {kills} = await killOften(world, undo, options.undoKills, undisturbed.undone, random)
        undoKills += kills
      }
      await goOnUntilDone(world, undo, {failed: 0})
    }
    expect(stateBefore(world.sandbox.dump())).toEqual(before)
    expect(world.watcher.twice(), 'taken away twice').toEqual([])
    const after = await recordedIn(world.place.state)
    expect(unsettledIn(after), 'nobody knows what became of it').toEqual([])
    expect(after.runs.every(({status}) => status === 'finished')).toBe(true)

    const {operations, faults} = world.watcher.figures()
    const minutes = Math.round((performance.now() - began) / 6000) / 10
    return {kills: cut.kills + undoKills, operations, faults, partial, minutes}
  } finally {
    await world.stop()
  }
}

/** Kills so often, spread over what there is to write. */
async function killOften(
  world: World,
  args: readonly string[],
  kills: number,
  writes: number,
  random: Random,
): Promise<{readonly kills: number; readonly partial: number}> {
  let partial = 0
  const start = world.watcher.figures().written
  for (let done = 0; done < kills; done++) {
    // Something stays to be done at the end, or the run would be over before it was killed often enough.
    const left = writes * 0.85 - (world.watcher.figures().written - start)
    const share = Math.max(1, left / (kills - done))
    const reading = random.next() < 0.2 || left <= 0
    const trigger = reading
      ? ({of: 'operations', after: random.upTo(120)} as const)
      : ({of: 'writes', after: random.upTo(share * 1.5)} as const)
    const laterMs = random.next() < 0.5 ? 0 : random.upTo(40)
    const ended = await world.runAndKill(args, trigger, {laterMs})
    if (ended.killed) continue
    // It gave up by itself: the same command goes on.
    expect([3, 6], `after ${done} kills: ${ended.stderr}${ended.stdout}`).toContain(ended.code)
    if (ended.code === 3) partial++
    done--
  }
  return {kills, partial}
}

const ATTEMPTS = 6

/** A service this bad may outlast the retries (exit 6) or leave users in doubt (3): the same command goes on. */
async function goOnUntilDone(
  world: World,
  args: readonly string[],
  summary: object,
  env?: Environment,
): Promise<{readonly partial: number}> {
  let partial = 0
  for (let attempt = 1; ; attempt++) {
    const ended = await world.run(args, env)
    if (ended.code === 3) partial++
    if ((ended.code === 6 || ended.code === 3) && attempt < ATTEMPTS) continue
    expect({code: ended.code, ...ended.json()}, `${ended.stderr}${ended.stdout}`).toMatchObject({
      code: 0,
      summary,
    })
    return {partial}
  }
}

/** A second run has nothing to write, and everybody who can be migrated is. */
export async function expectNothingLeft(
  world: World,
  migrate: readonly string[],
  env?: Environment,
): Promise<void> {
  const {writes} = world.sandbox.stats()
  await goOnUntilDone(world, migrate, {failed: 0, partly: 0, actions: {planned: 0}}, env)
  expect(world.sandbox.stats().writes).toBe(writes)
  const verify = ['verify', '--group', GROUP, '--source', 'bundle', '--json']
  for (let attempt = 1; ; attempt++) {
    const {code, stdout, stderr} = await world.run(verify, env)
    if (code === 6 && attempt < ATTEMPTS) continue
    expect(code, `${stderr}${stdout}`).toBe(0)
    return
  }
}
