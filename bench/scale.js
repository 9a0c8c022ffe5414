// Users a second of 1, 2 and 4 machines that run `mfa sync run` on one PostgreSQL, without a quota.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {availableParallelism} from 'node:os'
import {setTimeout as sleep} from 'node:timers/promises'

import {startPostgres} from '../test/helpers/postgres.ts'
import {BIN} from './lib/dist.js'
import {GROUP_NAME} from './lib/invented-user.js'
import {population, temporaryFolder} from './lib/population.js'
import {startSandboxProcess} from './lib/sandbox-process.js'

const LATENCY_MS = 20
const WORKERS = [1, 2, 4]
const LONGEST_MS = 600_000

export async function scale({users}) {
  const files = await population(users)
  const cores = availableParallelism()
  const postgres = await startPostgres()
  const measured = []
  try {
    for (const workers of WORKERS) {
      const {seconds, writes} = await measure(workers, files, postgres)
      measured.push({workers, rate: users / seconds})
      process.stderr.write(
        `  ${workers} workers: ${users} users, ${writes} writes in ${seconds.toFixed(1)} s\n`,
      )
    }
  } finally {
    postgres.stop()
  }
  const [one] = measured
  const where = `${cores} cores for workers, sandbox and PostgreSQL together`
  return measured.map(({workers, rate}) => ({
    what: `${workers} workers (A) : 1 worker (B), users a second; ${where}`,
    a: rate.toFixed(0),
    b: one.rate.toFixed(0),
    ratio: rate / one.rate,
  }))
}

/** From the first write to the last: reading and planning before are the leader's alone. */
async function measure(workers, {tenant, bundle}, postgres) {
  const sandbox = await startSandboxProcess(tenant, `delay=${LATENCY_MS}`)
  const state = {MFA_STATE: postgres.address(), PGPASSWORD: postgres.password}
  const words = ['sync', 'run', '--group', GROUP_NAME, '--source', bundle, '--default-domain', 'contoso.com', '--interval', '1h'] // prettier-ignore
  const unpaced = ['--write-quota', 'none', '--activation-quota', 'none']
  const machines = []
  try {
    for (let n = 0; n < workers; n++) {
      const env = {...process.env, ...sandbox.env, ...state, HOME: await temporaryFolder('home')}
      machines.push(
        spawn(process.execPath, [BIN, ...words, ...unpaced], {env, stdio: ['ignore', 'pipe', 'ignore']}),
      )
    }
    const round = {over: false}
    for (const {stdout} of machines)
      stdout.on('data', (text) => (round.over ||= String(text).includes('round 1:')))
    const end = performance.now() + LONGEST_MS
    let [first, last, writes] = [undefined, undefined, 0]
    while (!round.over && performance.now() < end) {
      const {writes: now} = await sandbox.stats()
      if (now > writes) {
        last = performance.now()
        first ??= last
        writes = now
      }
      await sleep(50)
    }
    if (!round.over) throw new Error(`${workers} workers: no round ended`)
    return {seconds: (last - first) / 1000, writes}
  } finally {
    for (const machine of machines) {
      if (machine.exitCode === null && machine.signalCode === null) {
        machine.kill('SIGKILL')
        await once(machine, 'exit')
      }
    }
    await sandbox.stop()
  }
}
