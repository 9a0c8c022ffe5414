// Runs the benchmarks: all, or those named. Figures are compared side by side in one run; absolute times mean nothing.
//   node bench/run.js [plan] [memory] [dry-run] [throughput] [quota] [scale] [start-up] [--users N] [--rounds N] [--check]
import {parseArgs} from 'node:util'

import {removePopulations} from './lib/population.js'
import {printTable} from './lib/table.js'

const BENCHMARKS = {
  plan: {users: 100_000, rounds: 5, load: async () => (await import('./plan.js')).plan},
  memory: {users: 100_000, rounds: 1, load: async () => (await import('./memory.js')).memory},
  'dry-run': {users: 100_000, load: async () => (await import('./dry-run.js')).dryRun},
  throughput: {users: 2000, load: async () => (await import('./throughput.js')).throughput},
  quota: {users: 600, load: async () => (await import('./throughput.js')).quota},
  scale: {users: 2000, load: async () => (await import('./scale.js')).scale},
  'start-up': {rounds: 25, load: async () => (await import('./start-up.js')).startUp},
}

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {check: {type: 'boolean'}, users: {type: 'string'}, rounds: {type: 'string'}},
})
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)
const unknown = names.filter((name) => !(name in BENCHMARKS))
if (unknown.length > 0) {
  process.stderr.write(
    `no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}\n`,
  )
  process.exit(64)
}

const rows = []
try {
  for (const name of names) {
    const {load, ...defaults} = BENCHMARKS[name]
    const run = await load()
    process.stderr.write(`${name} …\n`)
    rows.push(
      ...(await run({
        users: Number(values.users ?? defaults.users),
        rounds: Number(values.rounds ?? defaults.rounds),
      })),
    )
  }
} finally {
  await removePopulations()
}
printTable(rows)
if (values.check === true && rows.some(({ok}) => ok === false)) process.exitCode = 1
