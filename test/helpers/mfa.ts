import {spawn, type ChildProcessByStdio} from 'node:child_process'
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir, userInfo} from 'node:os'
import {dirname, join} from 'node:path'
import type {Readable, Writable} from 'node:stream'
import {fileURLToPath} from 'node:url'

/** The package whose `bin/run.js` is tried; another build of it where MFA_TEST_PACKAGE names one. */
export const PACKAGE = process.env['MFA_TEST_PACKAGE'] ?? fileURLToPath(new URL('../..', import.meta.url))
export const CONTOSO = join(PACKAGE, 'examples', 'contoso')

/** Compiled code of the command line, shared by all tests: each would compile it anew in a home folder of its own. */
const COMPILED = join(tmpdir(), `mfa-test-cache-${userInfo().username}`)

export type Environment = Readonly<Record<string, string | undefined>>

export interface MfaOptions {
  readonly env?: Environment
  readonly cwd?: string
  /** What stands on stdin, which is never a terminal here. */
  readonly input?: string
  /** Milliseconds until the process is killed. */
  readonly timeout?: number
}

export interface MfaResult {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** stdout as exactly one JSON object; throws with everything that was printed if it is not. */
  json(): Record<string, unknown>
}

export interface RunningMfa {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Promise<MfaResult>
  /** Resolves once stdout matches; fails if the process ends before. */
  untilStdout(pattern: RegExp): Promise<string>
}

/** A home folder, a state folder and a working folder that nobody else has. */
export interface Place {
  readonly folder: string
  readonly work: string
  readonly state: string
  /** Runs the built command line with nothing of our own environment in it. */
  mfa(args: readonly string[], options?: MfaOptions): Promise<MfaResult>
  start(args: readonly string[], options?: MfaOptions): RunningMfa
  environment(extra?: Environment): Record<string, string>
  /** Writes a file below the working folder. */
  file(name: string, content: string | Uint8Array): Promise<string>
  read(name: string): Promise<string>
  /** Every file below the whole place, with its bytes as latin-1 text. */
  everything(): Promise<readonly {readonly path: string; readonly text: string}[]>
  remove(): Promise<void>
}

export async function newPlace(env: Environment = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mfa-e2e-'))
  const [home, state, work] = [join(folder, 'home'), join(folder, 'state'), join(folder, 'work')]
  await Promise.all([mkdir(home), mkdir(work)])
  const environment = (extra: Environment = {}): Record<string, string> => {
    const all: Environment = {
      PATH: process.env['PATH'],
      HOME: home,
      MFA_STATE: state,
      XDG_CACHE_HOME: COMPILED,
      ...env,
      ...extra,
    }
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    )
  }
  const start = (args: readonly string[], options: MfaOptions = {}): RunningMfa =>
    startMfa(args, {...options, cwd: options.cwd ?? work, env: environment(options.env)})
  return {
    folder,
    work,
    state,
    environment,
    start,
    mfa: (args, options) => start(args, options).ended,
    file: async (name, content) => {
      const path = join(work, name)
      await mkdir(dirname(path), {recursive: true})
      await writeFile(path, content)
      return path
    },
    read: (name) => readFile(join(work, name), 'utf8'),
    everything: async () => {
      const entries = await readdir(folder, {recursive: true, withFileTypes: true})
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
      return Promise.all(files.map(async (path) => ({path, text: await readFile(path, 'latin1')})))
    },
    remove: () => rm(folder, {recursive: true, force: true, maxRetries: 3}),
  }
}

function startMfa(args: readonly string[], options: MfaOptions & {env: Record<string, string>}): RunningMfa {
  const child = spawn(process.execPath, [join(PACKAGE, 'bin', 'run.js'), ...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // It may be gone before it has read everything.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 60_000)
  const ended = new Promise<MfaResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({code, stdout, stderr, json: () => oneObject(stdout, stderr)})
    })
  })
  const untilStdout = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(stdout)) resolve(stdout)
      }
      child.stdout.on('data', look)
      child.once('close', () => reject(new Error(`ended without ${String(pattern)}:\n${stdout}${stderr}`)))
      look()
    })
  return {process: child, ended, untilStdout}
}

function oneObject(stdout: string, stderr: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(stdout)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Said below, with what was there instead.
  }
  throw new Error(`stdout is not one JSON object:\n${stdout}\n--- stderr:\n${stderr}`)
}
