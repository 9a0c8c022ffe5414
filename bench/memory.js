// Peak memory of a dry run of many users against one of a tenth of them.
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

import {population, temporaryFolder} from './lib/population.js'
import {atMost, median, megabytes} from './lib/table.js'

const CHILD = fileURLToPath(new URL('lib/dry-run-child.js', import.meta.url))
const MEGABYTES = 500
/**
 * V8 lets the young generation of any program grow to 128 MB with the time that it runs. It is fixed here, so that the
 * ratio tells what the program itself keeps; `dry-run` measures the tool as it is.
 */
const FLAGS = ['--max-semi-space-size=16']

export async function memory({users, rounds}) {
  const few = Math.round(users / 10)
  const peaks = {[users]: [], [few]: []}
  for (let round = 0; round < rounds; round++) {
    for (const count of [few, users]) peaks[count].push(await peakOf(count))
  }
  const [many, tenth] = [median(peaks[users]), median(peaks[few])]
  const name = (count) => count.toLocaleString('en-US')
  return [
    atMost(
      `peak memory of a dry run, ${name(users)} (A) : ${name(few)} users (B)`,
      megabytes(many),
      megabytes(tenth),
      many / tenth,
      1.5,
    ),
    {
      what: `peak memory of a dry run of ${name(users)} users`,
      a: megabytes(many),
      limit: `< ${MEGABYTES} MB`,
      ok: many < MEGABYTES * 1024,
    },
  ]
}

async function peakOf(count) {
  const {bundle} = await population(count, {tenant: false})
  const folder = await temporaryFolder('dry-run')
  const {status, stdout, stderr} = spawnSync(
    process.execPath,
    [...FLAGS, CHILD, String(count), bundle, folder],
    {
      encoding: 'utf8',
      maxBuffer: 1024 * 1024 * 64,
    },
  )
  if (status !== 0) throw new Error(`the dry run ended with ${status}: ${stderr}`)
  const {kilobytes, summary} = JSON.parse(stdout)
  if (summary.users !== count || summary.migrated < count / 2) {
    throw new Error(`this was no migration: ${JSON.stringify(summary)}`)
  }
  return kilobytes
}
