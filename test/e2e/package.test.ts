import {execFile} from 'node:child_process'
import {cp, mkdir, mkdtemp, readFile, rm, symlink} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join, relative} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {PACKAGE} from '../helpers/mfa.js'

const run = promisify(execFile)
let folder: string
let installed: string
let listed: readonly string[]

/** Packs the package, and puts it with its production dependencies where nothing else is. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-package-'))
  const env = {...process.env, npm_config_offline: 'true', npm_config_update_notifier: 'false'}
  const pack = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: PACKAGE,
    env,
    maxBuffer: 2e8,
  })
  const [{filename, files}] = JSON.parse(pack.stdout) as [{filename: string; files: {path: string}[]}]
  listed = files.map(({path}) => path)
  await run('tar', ['-xzf', join(folder, filename), '-C', folder])
  installed = join(folder, 'program', 'node_modules', 'mfa')
  await mkdir(dirname(installed), {recursive: true})
  await cp(join(folder, 'package'), installed, {recursive: true})
  await linkDependencies(env)
}, 60_000)
afterAll(() => rm(folder, {recursive: true, force: true}))

async function linkDependencies(env: NodeJS.ProcessEnv): Promise<void> {
  const modules = join(PACKAGE, 'node_modules')
  const {stdout} = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: PACKAGE,
    env,
    maxBuffer: 2e8,
  })
  const names = stdout
    .split('\n')
    .map((path) => relative(modules, path))
    // Those inside another one come with it.
    .filter((name) => name !== '' && !name.startsWith('..') && !name.includes('node_modules'))
  for (const name of new Set(names)) {
    const link = join(folder, 'program', 'node_modules', name)
    await mkdir(dirname(link), {recursive: true})
    await symlink(join(modules, name), link, 'dir')
  }
}

/** As a stranger would: another folder, nothing of our environment, no network but loopback. */
async function mfa(...args: readonly string[]) {
  const work = join(folder, 'elsewhere')
  await mkdir(work, {recursive: true})
  const env = {PATH: process.env['PATH'], HOME: work, HTTPS_PROXY: 'http://127.0.0.1:9'}
  return run(process.execPath, [join(installed, 'bin', 'run.js'), ...args], {cwd: work, env, maxBuffer: 2e8})
}

test('the package holds what it needs and nothing else', async () => {
  expect(listed).toContain('bin/run.js')
  expect(listed).toContain('oclif.manifest.json')
  expect(listed).toContain('examples/contoso/tenant.json')
  expect(listed).toContain('LICENSE')
  const strangers = listed.filter(
    (path) =>
      !/^(bin\/run\.js$|dist\/|examples\/|oclif\.manifest\.json$|package\.json$|[A-Z]+(\.md)?$)/.test(path),
  )
  expect(strangers).toEqual([])
})

test('--version and help', async () => {
  const {version} = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as {version: string}
  expect((await mfa('--version')).stdout).toMatch(new RegExp(`^mfa/${version.replaceAll('.', '\\.')} `))
  expect((await mfa('migrate', '--help')).stdout).toMatch(/EXAMPLES[\s\S]*--dry-run/)
})

test('the first migration of the demo, offline, in another folder', async () => {
  const contoso = join(installed, 'examples', 'contoso')
  const {stdout} = await mfa(
    'migrate',
    '--tenant',
    'sandbox',
    '--group',
    'MFA early birds',
    '--source',
    contoso,
    '--seed-file',
    join(contoso, 'seeds.csv'),
    '--yes',
  )
  expect(stdout).toMatch(/^all 6 users of "MFA early birds" are migrated; 0 failed$/m)
})
