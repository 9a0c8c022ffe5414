import {spawn} from 'node:child_process'
import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {PACKAGE, type Environment} from '../mfa.js'

export interface Ran {
  readonly name: string
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A folder with `mfa` in it, as it is on the PATH of a runner. */
export async function putMfaOnPath(folder: string): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin, {recursive: true})
  const run = join(PACKAGE, 'bin', 'run.js')
  await writeFile(join(bin, 'mfa'), `#!/bin/sh\nexec "${process.execPath}" "${run}" "$@"\n`)
  await chmod(join(bin, 'mfa'), 0o755)
  return bin
}

/** One step as the platforms run it: a script of its own for bash, which ends at the first command that fails. */
export function runScript(name: string, script: string, env: Environment, cwd: string): Promise<Ran> {
  const clean = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-c', script], {
      cwd,
      env: clean,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({name, code: code ?? -1, stdout, stderr}))
  })
}
