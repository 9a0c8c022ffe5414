// The real thing: `mfa migrate --dry-run --json` in a process of its own, over HTTP against a sandbox in another.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createWriteStream} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {BIN} from './lib/dist.js'
import {GROUP_NAME} from './lib/invented-user.js'
import {population, temporaryFolder} from './lib/population.js'
import {startSandboxProcess} from './lib/sandbox-process.js'
import {atMost, megabytes, seconds} from './lib/table.js'

const MEGABYTES = 500
const PEAK = new URL('lib/report-peak.js', import.meta.url).href

export async function dryRun({users}) {
  const few = Math.round(users / 10)
  const tenth = await measure(few)
  const many = await measure(users)
  const name = (count) => count.toLocaleString('en-US')
  const perSecond = (count, {ms}) => count / (ms / 1000)
  return [
    atMost(
      `peak of mfa migrate --dry-run --json, ${name(users)} (A) : ${name(few)} users (B)`,
      megabytes(many.kilobytes),
      megabytes(tenth.kilobytes),
      many.kilobytes / tenth.kilobytes,
      1.5,
    ),
    {
      what: `peak of mfa migrate --dry-run --json, ${name(users)} users`,
      a: megabytes(many.kilobytes),
      limit: `< ${MEGABYTES} MB`,
      ok: many.kilobytes < MEGABYTES * 1024,
    },
    {
      what: `its time, ${name(users)} (A) and ${name(few)} users (B); users a second A/B`,
      a: seconds(many.ms),
      b: seconds(tenth.ms),
      ratio: perSecond(users, many) / perSecond(few, tenth),
    },
  ]
}

async function measure(users) {
  const {bundle, tenant} = await population(users)
  const sandbox = await startSandboxProcess(tenant, '')
  try {
    const folder = await temporaryFolder('tool')
    const started = performance.now()
    const child = spawn(
      process.execPath,
      [
        '--import',
        PEAK,
        BIN,
        'migrate',
        '--dry-run',
        '--json',
        '--group',
        GROUP_NAME,
        '--source',
        bundle,
        '--state',
        folder,
      ],
      {
        env: {...process.env, ...sandbox.env, BENCH_PEAK: join(folder, 'peak')},
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    child.stdout.pipe(createWriteStream(join(folder, 'result.json')))
    const [status] = await once(child, 'close')
    const ms = performance.now() - started
    const result = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'))
    if (status !== 0 || result.summary.users !== users) {
      throw new Error(`ended with ${status}: ${JSON.stringify(result.error ?? result.summary)}`)
    }
    return {ms, kilobytes: Number(await readFile(join(folder, 'peak'), 'utf8'))}
  } finally {
    await sandbox.stop()
  }
}
