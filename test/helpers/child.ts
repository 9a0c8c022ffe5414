import {type ChildProcessWithoutNullStreams, spawn} from 'node:child_process'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'

const HOOK = new URL('./ts-hook.mjs', import.meta.url).href

export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  /** The next line it prints; undefined once it has ended. */
  line(): Promise<string | undefined>
  readonly ended: Promise<void>
}

/** Runs `test/helpers/NAME.ts` in a process of its own. */
export function startChild(name: string, args: readonly string[]): Child {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, ['--import', HOOK, file, ...args], {stdio: 'pipe'})
  child.stderr.pipe(process.stderr)
  // It may be gone before it has read what it was told.
  child.stdin.on('error', () => {})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    process: child,
    line: async () => {
      const next = await lines.next()
      return next.done === true ? undefined : next.value
    },
    ended: new Promise((resolve) => child.once('close', () => resolve())),
  }
}
