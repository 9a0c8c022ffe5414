import {spawn} from 'node:child_process'

/** No shell: the address has characters that shells take for their own. */
const COMMANDS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  darwin: ['open'],
  linux: ['xdg-open'],
}

/** Asks the system to show an address. Rejects where there is no such program. */
export async function openBrowser(url: string): Promise<void> {
  const [program, ...before] = COMMANDS[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...before, url], {stdio: 'ignore', detached: true})
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.unref()
}
