import {execFile} from 'node:child_process'
import {cp, mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {promisify} from 'node:util'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

const root = join(import.meta.dirname, '../..')

const REFUSED = [
  ['a domain folder that reads files', 'src/lib/migration', 'node:fs/promises'],
  ['a domain folder that knows an adapter', 'src/lib/migration', '../entra/clouds.js'],
  ['a domain folder that knows another', 'src/lib/rollout', '../migration/plan.js'],
  ['a domain folder with an SDK', 'src/lib/migration', '@azure/msal-node'],
  ['a domain folder with a database', 'src/lib/migration', 'node:sqlite'],
  ['a domain folder that reports', 'src/lib/migration', '../report/table.js'],
  ['a model that knows a port', 'src/lib/model', '../ports/source.js'],
  ['an adapter that knows another', 'src/lib/entra', '../state/scratch.js'],
  ['an adapter that knows the domain', 'src/lib/source/bundle', '../../migration/plan.js'],
  ['an SDK in a foreign adapter', 'src/lib/state', 'soap'],
  ['a subpath of an SDK in a foreign adapter', 'src/lib/terminal', 'csv-parse/sync'],
  ['OpenTelemetry outside its adapter', 'src/lib/monitor', '@opentelemetry/api'],
  ['oclif in the library', 'src/lib/terminal', '@oclif/core'],
  ['an arrow back to the wiring', 'src/lib/migration', '../../wire.js'],
  ['an arrow back to a command', 'src/lib/report', '../../commands/migrate.js'],
  ['a command with an SDK', 'src/commands', '@inquirer/prompts'],
] as const

const ALLOWED = [
  ['a domain folder with ports', 'src/lib/migration', '../ports/source.js'],
  ['an adapter with its own SDK', 'src/lib/source', 'csv-parse'],
  ['the report with types of the domain', 'src/lib/report', '../migration/plan.js'],
  ['a command with oclif', 'src/commands', '@oclif/core'],
] as const

let folder: string
/** Files that break an import rule. */
let broken: ReadonlySet<string>

/** Plants one file for each case, and lints them all with the project's own configuration. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-lint-'))
  await cp(join(root, 'oxlint.config.ts'), join(folder, 'oxlint.config.ts'))
  await cp(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  for (const [index, [, home, specifier]] of [...REFUSED, ...ALLOWED].entries()) {
    const path = join(folder, home, `planted-${index}.ts`)
    await mkdir(dirname(path), {recursive: true})
    await writeFile(path, `import '${specifier}'\n`)
  }
  const linter = [join(root, 'node_modules/oxlint/bin/oxlint'), '--format=json', 'src']
  const run = promisify(execFile)(process.execPath, linter, {cwd: folder})
  const {stdout} = await run.catch((error: {stdout: string}) => error)
  const {diagnostics} = JSON.parse(stdout) as {diagnostics: {code: string; filename: string}[]}
  broken = new Set(
    diagnostics.filter(({code}) => code.includes('no-restricted-imports')).map(({filename}) => filename),
  )
})
afterAll(() => rm(folder, {recursive: true, force: true}))

describe('the linter refuses', () => {
  it.each(REFUSED.map(([what, home], index) => [what, `${home}/planted-${index}.ts`]))(
    '%s',
    (_what, file) => {
      expect([...broken]).toContain(file)
    },
  )
})

describe('the linter lets pass', () => {
  it.each(ALLOWED.map(([what, home], index) => [what, `${home}/planted-${REFUSED.length + index}.ts`]))(
    '%s',
    (_what, file) => {
      expect([...broken]).not.toContain(file)
    },
  )
})
