// Users a second of `mfa migrate` against a straightforward program with the Graph SDK, and the use of a write quota.
import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {promisify} from 'node:util'

import {BIN} from './lib/dist.js'
import {GROUP_NAME} from './lib/invented-user.js'
import {population, temporaryFolder} from './lib/population.js'
import {startSandboxProcess} from './lib/sandbox-process.js'
import {atLeast, atMost} from './lib/table.js'

const run = promisify(execFile)
const ONE_BY_ONE = fileURLToPath(new URL('lib/one-by-one.js', import.meta.url))
const LATENCY_MS = 20
const PER_SECOND = 20

/** Ten times the users a second where nothing but latency holds back. */
export async function throughput({users}) {
  const files = await population(users)
  const plan = join(await temporaryFolder('plan'), 'plan.json')
  const faults = `delay=${LATENCY_MS}`
  const ours = await withSandbox(files.tenant, faults, async (sandbox) => {
    await migrate(files.bundle, sandbox, ['--dry-run', '--out', plan])
    const before = await sandbox.stats()
    const took = await migrate(files.bundle, sandbox, ['--write-quota', 'none', '--activation-quota', 'none'])
    return {...took, stats: difference(before, await sandbox.stats())}
  })
  const theirs = await withSandbox(files.tenant, faults, async (sandbox) => {
    const took = await timed(() => execute(process.execPath, [ONE_BY_ONE, plan], sandbox.env))
    return {...took, result: JSON.parse(took.stdout), stats: await sandbox.stats()}
  })
  const {migrated, actions} = ours.result.summary
  if (actions.done < theirs.result.writes * 0.99)
    throw new Error(`${actions.done} writes, the other program sent ${theirs.result.writes}`)
  report('mfa migrate', users, ours)
  report('one by one', users, theirs)
  const a = users / ours.seconds
  const b = theirs.result.users / theirs.seconds
  return [
    atLeast(
      `migrate ${users} users, ${migrated} with changes (A) : one by one with the Graph SDK (B), users a second`,
      a.toFixed(0),
      b.toFixed(1),
      a / b,
      10,
    ),
  ]
}

/** With a service that takes 20 writes a second and the tool's own pace as it is by default. */
export async function quota({users}) {
  const files = await population(users)
  const {used, stats, writes, seconds} = await withSandbox(
    files.tenant,
    `delay=${LATENCY_MS},writesPerSecond=${PER_SECOND}`,
    async (sandbox) => {
      const marks = []
      const watch = {over: false}
      const watching = (async () => {
        while (!watch.over) {
          marks.push({at: performance.now(), writes: (await sandbox.stats()).writes})
          await sleep(100)
        }
      })()
      await migrate(files.bundle, sandbox, ['--activation-quota', 'none'])
      watch.over = true
      await watching
      return {...use(marks), stats: await sandbox.stats()}
    },
  )
  process.stderr.write(`  ${writes} writes in ${seconds.toFixed(1)} s; ${JSON.stringify(stats)}\n`)
  return [
    atLeast(
      `use of a quota of ${PER_SECOND} writes a second`,
      `${(used * 100).toFixed(1)} %`,
      '',
      used,
      0.95,
    ),
    atMost(
      'share of requests that were answered 429',
      String(stats.throttled),
      String(stats.requests),
      stats.throttled / stats.requests,
      0.01,
    ),
  ]
}

/** Between the first batch of writes and the last; what was sent at once at the beginning is not counted. */
function use(marks) {
  const total = marks.at(-1).writes
  const first = marks.find(({writes}) => writes > 0)
  const last = marks.find(({writes}) => writes === total)
  const seconds = (last.at - first.at) / 1000
  return {used: (total - first.writes) / seconds / PER_SECOND, writes: total, seconds}
}

async function withSandbox(tenant, faults, work) {
  const sandbox = await startSandboxProcess(tenant, faults)
  try {
    return await work(sandbox)
  } finally {
    await sandbox.stop()
  }
}

async function migrate(bundle, sandbox, more) {
  const state = await temporaryFolder('state')
  const where = [
    '--group',
    GROUP_NAME,
    '--source',
    bundle,
    '--state',
    state,
    '--default-domain',
    'contoso.com',
  ]
  const took = await timed(() =>
    execute(process.execPath, [BIN, 'migrate', ...where, '--yes', '--json', ...more], sandbox.env),
  )
  return {...took, result: JSON.parse(took.stdout)}
}

async function timed(work) {
  const started = performance.now()
  const stdout = await work()
  return {seconds: (performance.now() - started) / 1000, stdout}
}

/** Exit 3 is well too: a few of the invented people cannot be migrated whole. */
async function execute(program, args, env) {
  try {
    return (await run(program, args, {env: {...process.env, ...env}, maxBuffer: 2 ** 28})).stdout
  } catch (error) {
    if (error.code === 3) return error.stdout
    throw new Error(`${args[0]} ended with ${error.code}: ${error.stdout}${error.stderr}`, {cause: error})
  }
}

const difference = (before, after) => ({
  requests: after.requests - before.requests,
  writes: after.writes - before.writes,
  throttled: after.throttled - before.throttled,
  cpuMs: after.cpuMs - before.cpuMs,
})

function report(what, users, {seconds, stats}) {
  const {requests, writes, throttled, cpuMs} = stats
  const numbers = `${requests} requests, ${writes} writes, ${throttled} throttled; the sandbox computed ${(cpuMs / 1000).toFixed(1)} s`
  process.stderr.write(`  ${what}: ${users} users in ${seconds.toFixed(1)} s, ${numbers}\n`)
}
