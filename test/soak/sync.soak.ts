import {readFileSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'

import {afterEach, expect, test} from 'vitest'

import type {SeenOperation} from '../../src/lib/sandbox/engine.js'
import {randomFrom} from '../faults/random.js'
import {Watcher} from '../faults/watcher.js'
import {CREW_GROUP, crewWorld, type CrewWorld, mostWithin, until} from '../helpers/crew.js'
import type {RunningMfa} from '../helpers/mfa.js'

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const SEED = number('MFA_SOAK_SEED', 1)
const MINUTES = number('MFA_SOAK_MINUTES', 10)
const USERS = number('MFA_SOAK_USERS', 20_000)
const WORKERS = 4
const QUOTA = {count: 800, seconds: 10}
/** A share of the users changes in a minute. */
const CHANGES = 0.02
const CHANGE_EVERY_S = 15
/** To come to rest after the last disturbance. */
const REST_MINUTES = 6
/** Nobody is killed in the last part: whose memory is looked at has to live long enough. */
const KILLS_UNTIL = 0.7

interface Machine {
  running: RunningMfa
  /** Megabytes, one sample every few seconds, of this process. */
  rss: number[]
}

let world: CrewWorld | undefined
const crew: Machine[] = []
const say = (text: string): void => void process.stderr.write(`${text}\n`)

afterEach(async () => {
  for (const {running} of crew.splice(0)) {
    running.process.kill('SIGKILL')
    await running.ended
  }
  await world?.stop()
})

const rssOf = (pid: number): number => {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes ?? 0) / 1024
  } catch {
    return 0
  }
}

test(`${WORKERS} workers, ${USERS} users, ${MINUTES} minutes of deaths, changes and faults; seed ${SEED}`, async () => {
  say(`seed ${SEED} (MFA_SOAK_SEED), ${USERS} users (MFA_SOAK_USERS), ${MINUTES} minutes (MFA_SOAK_MINUTES)`)
  const random = randomFrom(SEED)
  const watcher = new Watcher()
  const writes: number[] = []
  const onOperation = (seen: SeenOperation): void => {
    watcher.onOperation(seen)
    if (seen.writes) writes.push(performance.now())
  }
  const at = await crewWorld({
    users: USERS,
    there: Math.floor(USERS * 0.75),
    faults: {
      delay: 2,
      throttle: 0.001,
      error: 0.001,
      lost: 0.001,
      reset: 0.0005,
      retryAfter: 1,
      consistency: 300,
      seed: SEED,
    },
    args: ['--interval', '10s', '--consistency', '5', '--write-quota', `${QUOTA.count}/${QUOTA.seconds}`],
    onOperation,
    timeout: (MINUTES + REST_MINUTES + 10) * 60_000,
  })
  world = at
  for (let n = 0; n < WORKERS; n++) crew.push({running: at.start(), rss: []})
  await until('the first writes', 600, () => (watcher.figures().written > 0 ? true : undefined))
  say('writing')

  const began = performance.now()
  const minutes = (): number => (performance.now() - began) / 60_000
  let [kills, leaderKills, changed, restarts] = [0, 0, 0, 0]
  let nextKill = 0.7
  let nextChange = 0
  while (minutes() < MINUTES) {
    for (const one of crew) one.rss.push(rssOf(one.running.process.pid ?? 0))
    if (minutes() >= nextChange) {
      nextChange += CHANGE_EVERY_S / 60
      const whom = Array.from(
        {length: Math.round((USERS * CHANGES * CHANGE_EVERY_S) / 60)},
        () => random.upTo(USERS) - 1,
      )
      await at.change([...new Set(whom)])
      changed += new Set(whom).size
    }
    if (restarts === 0 && minutes() > MINUTES / 2) {
      restarts += 1
      at.postgres.restart()
      say(`${minutes().toFixed(1)} min: PostgreSQL restarted`)
    }
    if (minutes() >= nextKill && minutes() < KILLS_UNTIL * MINUTES) {
      nextKill = minutes() + (25 + random.upTo(40)) / 60
      const {leader} = await at.status().catch(() => ({leader: null}))
      const leading = crew.find(({running}) => running.process.pid === leader?.pid)
      const victim =
        random.next() < 0.4 && leading !== undefined ? leading : crew[random.upTo(crew.length) - 1]
      if (victim !== undefined) {
        const isLeader = victim === leading
        victim.running.process.kill('SIGKILL')
        await victim.running.ended
        kills += 1
        if (isLeader) leaderKills += 1
        say(
          `${minutes().toFixed(1)} min: ${isLeader ? 'leader' : 'worker'} killed, ${watcher.figures().written} written`,
        )
        victim.running = at.start()
        victim.rss = []
      }
    }
    await sleep(2000)
  }
  const inTime = watcher.figures().written
  await until('everybody in step', REST_MINUTES * 60, async () => {
    const behind = at.behind()
    say(`${minutes().toFixed(1)} min: ${behind} behind`)
    if (behind === 0) return true
    await sleep(10_000)
    return undefined
  })
  const restedAt = minutes()
  const verified = await at.mfa(['verify', ...CREW_GROUP, '--source', 'bundle', '--json'])
  const most = mostWithin(writes, QUOTA.seconds * 1000)
  const lives = crew.map(({rss}) => {
    const third = Math.floor(rss.length / 3)
    return {middle: Math.max(...rss.slice(third, 2 * third)), last: Math.max(...rss.slice(2 * third))}
  })
  say(
    JSON.stringify({
      seed: SEED, users: USERS, kills, leaderKills, restarts, changed, written: watcher.figures().written, inTime,
      operations: watcher.figures().operations, faults: watcher.figures().faults, restedAt: Number(restedAt.toFixed(1)),
      quota: `${QUOTA.count} in ${QUOTA.seconds} s`, mostInAnyWindow: most,
      rssMb: lives.map(({middle, last}) => `${Math.round(middle)} then ${Math.round(last)}`),
      rssMostMb: Math.round(Math.max(...crew.flatMap(({rss}) => rss))), twice: watcher.twice().length,
      verify: verified.code,
    }),
  ) // prettier-ignore
  expect(watcher.twice(), 'written twice').toEqual([])
  expect(most).toBeLessThanOrEqual(QUOTA.count)
  expect(verified.code, verified.stderr + verified.stdout.slice(-3000)).toBe(0)
  for (const {middle, last} of lives) expect(last, 'memory grows').toBeLessThan(1.4 * middle)
  for (const {running} of crew) expect(running.process.exitCode, 'ended by itself').toBeNull()
})
