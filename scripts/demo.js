// The main job, end to end, on the example data against the tenant inside the tool, as `npm ci` built it.
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))

const where = ['--tenant', 'sandbox', '--source', 'examples/contoso']
const seeds = [
  '--seed-file',
  'examples/contoso/seeds.csv',
  '--seed-file',
  'examples/contoso/vendor-seeds.csv',
]
const users = [...where, ...seeds]
/** Matched by hand, all of them in the pilot group. */
const mapping = ['--mapping', 'examples/contoso/mapping.csv']

/** Runs one command in sight of the reader; ends the demo if it does not exit as it should. */
function step(why, args, expected = 0) {
  const shown = args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ')
  process.stdout.write(`\n# ${why}\n$ npx mfa ${shown}\n`)
  const {status} = spawnSync(process.execPath, [bin, ...args], {cwd: root, stdio: 'inherit'})
  if (status === expected) return
  process.stderr.write(`the demo expected exit code ${expected}, not ${status}\n`)
  process.exit(1)
}

step('The sandbox tenant, as at its beginning', ['sandbox', 'reset', '--yes'])
step('A small group with no trouble at all', ['migrate', ...users, '--group', 'MFA early birds', '--yes'])
step('Is it so? Both sides compared', ['verify', ...users, '--group', 'MFA early birds'])
step(
  'A pilot group that meets every rule. Exit code 3: one record is broken on purpose, the others go on',
  ['migrate', ...users, ...mapping, '--group', 'MFA pilot', '--yes'],
  3,
)
process.stdout.write(`
That was the main job: planned, written, proven. The sandbox keeps what was written, so look around.
(The first call of npx builds once more, which takes some seconds; later ones do not.)

  npx mfa users show ada.sunrise@contoso.com ${where.join(' ')}
  npx mfa verify --group "MFA early birds" ${users.join(' ')}
  npx mfa runs list
  npx mfa runs show last --failed
`)
