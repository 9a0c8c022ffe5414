import {spawn, spawnSync, type ChildProcess} from 'node:child_process'
import {connect} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'

/** Is the program on this machine? */
export const hasProgram = (name: string): boolean =>
  spawnSync(name, ['-v'], {stdio: 'ignore'}).error === undefined

/**
 * For suites that need real programs: `note` belongs behind the suite's name, `skips` into `test.skipIf`. Where one is
 * missing they are skipped, and the note says why; with CI set they run and fail, so that no such machine passes.
 */
export function needing(...programs: readonly string[]): {readonly skips: boolean; readonly note: string} {
  const missing = programs.filter((name) => !hasProgram(name)).join(', ')
  const skips = missing !== '' && !process.env['CI']
  const why = skips ? 'skipped, not installed' : 'NOT INSTALLED'
  return {skips, note: missing === '' ? '' : ` [${why}: ${missing}]`}
}

export interface Running {
  readonly pid: number
  readonly said: () => string
  stop(): Promise<void>
}

/** Starts a program that stays in the foreground. Ended by its process id. */
export function start(command: string, args: readonly string[], cwd: string): Running {
  const child: ChildProcess = spawn(command, [...args], {cwd, stdio: ['ignore', 'pipe', 'pipe']})
  let said = ''
  child.stdout?.on('data', (text: Buffer) => (said += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      said += String(error)
      resolve()
    })
    child.once('close', () => resolve())
  })
  return {
    pid: child.pid ?? -1,
    said: () => said,
    stop: async () => {
      if (child.exitCode === null && child.pid !== undefined) child.kill('SIGTERM')
      const late = setTimeoutKill(child)
      await ended
      clearTimeout(late)
    },
  }
}

const setTimeoutKill = (child: ChildProcess): NodeJS.Timeout =>
  setTimeout(() => child.kill('SIGKILL'), 5000).unref()

/** Runs a program to its end: exit code and everything it said. */
export function run(command: string, args: readonly string[], cwd: string) {
  const {status, stdout, stderr, error} = spawnSync(command, [...args], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return {code: status, said: `${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : String(error)}`}
}

/** Waits until something takes connections, or throws with what the program said. */
export async function untilOpen(port: number, program: Running): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await isOpen(port)) return
    await sleep(50)
  }
  throw new Error(`nothing listens on ${port}:\n${program.said()}`)
}

export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({host: '127.0.0.1', port})
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Tries until it holds; at most `seconds`. The last failure is thrown. */
export async function eventually(check: () => Promise<void> | void, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await sleep(100)
  }
}
