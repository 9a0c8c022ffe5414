import {existsSync, readFileSync} from 'node:fs'
import {arch, release} from 'node:os'

/**
 * What `mfa --version` says, without loading oclif, which takes three times as long as Node itself. Undefined where only
 * oclif knows: on Windows Subsystem for Linux it names another platform.
 */
export function quickVersion(): string | undefined {
  if (process.platform === 'linux' && mayBeWsl()) return undefined
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const {name, version} = JSON.parse(text) as {readonly name: string; readonly version: string}
  const machine = arch() === 'ia32' ? 'x86' : arch()
  return `${name}/${version} ${process.platform}-${machine} node-${process.version}`
}

function mayBeWsl(): boolean {
  return (
    /microsoft/i.test(`${release()} ${kernel()}`) ||
    existsSync('/proc/sys/fs/binfmt_misc/WSLInterop') ||
    existsSync('/run/WSL')
  )
}

function kernel(): string {
  try {
    return readFileSync('/proc/version', 'utf8')
  } catch {
    return ''
  }
}
