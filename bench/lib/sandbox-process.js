import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'

import {BIN, ROOT} from './dist.js'
import {temporaryFolder} from './population.js'

/**
 * `mfa sandbox serve` in a process of its own.
 * @returns what the tool's environment must hold to talk to it, and how to end it
 */
export async function startSandboxProcess(tenantFile, faults) {
  const state = await temporaryFolder('sandbox')
  const args = ['sandbox', 'serve', '--state', state, '--tenant-file', tenantFile]
  if (faults !== undefined) args.push('--faults', faults)
  const child = spawn(process.execPath, [BIN, ...args], {cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit']})
  const env = {}
  for await (const line of createInterface({input: child.stdout})) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? []
    if (name !== undefined) env[name] = value
    if (name === 'MFA_ACCESS_TOKEN') break
  }
  if (env.MFA_ACCESS_TOKEN === undefined) throw new Error('the sandbox did not start')
  return {
    env,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
