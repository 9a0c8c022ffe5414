// Start-up of the tool against a process that only imports oclif.
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

import {BIN, ROOT} from './lib/dist.js'
import {temporaryFolder} from './lib/population.js'
import {atMost, median, milliseconds} from './lib/table.js'

const here = (name) => fileURLToPath(new URL(`lib/${name}`, import.meta.url))

/** Programs take turns, so that whatever else the machine does meets all of them alike. */
export async function startUp({rounds}) {
  const cache = await temporaryFolder('cache')
  const programs = {
    node: ['--eval', ''],
    oclif: [here('only-oclif.js')],
    version: [BIN, '--version'],
    help: [BIN, 'migrate', '--help'],
  }
  const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]))
  // The first round fills the caches of the disk and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const [name, args] of Object.entries(programs)) {
      const took = time(args, cache)
      if (round >= 0) times[name].push(took)
    }
  }
  const [node, oclif, version, help] = ['node', 'oclif', 'version', 'help'].map((name) => median(times[name]))
  const row = (what, a, b, limit) => atMost(what, milliseconds(a), milliseconds(b), a / b, limit)
  return [
    row('mfa --version (A) : import @oclif/core (B)', version, oclif, 1.3),
    row('mfa migrate --help (A) : import @oclif/core (B)', help, oclif, 1.6),
    {
      what: 'import @oclif/core (A) : node alone (B), for information',
      a: milliseconds(oclif),
      b: milliseconds(node),
      ratio: oclif / node,
    },
  ]
}

function time(args, cache) {
  const env = {...process.env, XDG_CACHE_HOME: cache, NO_COLOR: '1'}
  const started = performance.now()
  const {status, stdout, stderr} = spawnSync(process.execPath, args, {cwd: ROOT, env, encoding: 'utf8'})
  const took = performance.now() - started
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return took
}
