// Records what the built command line really prints on the sandbox, and draws it: `node scripts/record.js [FOLDER]`.
import {spawnSync} from 'node:child_process'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

import {terminalSvg} from './terminal-svg.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = process.argv[2] ?? join(root, 'docs', 'images')
const GROUP = ['--group', 'MFA early birds', '--seed-file', 'examples/contoso/seeds.csv']

/** Each command with how many of its first and last lines are shown. */
const SCENES = [
  {args: ['migrate', ...GROUP, '--dry-run'], first: 12, last: 4},
  {args: ['migrate', ...GROUP, '--yes'], first: 0, last: 2},
  {args: ['users', 'show', 'ada.sunrise@contoso.com'], first: 20, last: 0},
]

const place = await mkdtemp(join(tmpdir(), 'mfa-record-'))
try {
  const env = {
    PATH: process.env.PATH,
    HOME: place,
    MFA_STATE: join(place, 'state'),
    MFA_TENANT_ID: 'sandbox',
    MFA_SOURCE: 'examples/contoso',
    COLUMNS: '88',
    FORCE_COLOR: '1',
  }
  const mfa = (args) => {
    const run = spawnSync(process.execPath, [join(root, 'bin', 'run.js'), ...args], {
      cwd: root,
      env,
      encoding: 'utf8',
    })
    if (run.status !== 0) throw new Error(`mfa ${args.join(' ')} ended with ${run.status}:\n${run.stderr}`)
    return run.stdout
  }
  mfa(['sandbox', 'reset', '--yes'])
  const text = SCENES.map(
    ({args, first, last}) => `${prompt(args)}\n${shortened(mfa(args), first, last)}\n`,
  ).join('\n')
  await mkdir(folder, {recursive: true})
  await writeFile(
    join(folder, 'demo.svg'),
    terminalSvg(text, {
      title: 'mfa: plan, write, prove',
      description:
        'A dry run shows the plan for six users; the migration writes it and ends with: all 6 users are migrated; 0 failed; then one user, both sides next to each other.',
    }),
  )
} finally {
  await rm(place, {recursive: true, force: true})
}

function prompt(args) {
  const words = args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ')
  return `\u001B[32m$\u001B[39m \u001B[1mmfa ${words}\u001B[22m`
}

function shortened(output, first, last) {
  const lines = output.trimEnd().split('\n')
  if (lines.length <= first + last) return lines.join('\n')
  const tail = last === 0 ? [] : lines.slice(-last)
  return [...lines.slice(0, first), '\u001B[2m…\u001B[22m', ...tail].join('\n')
}
