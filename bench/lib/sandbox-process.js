import {fork} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'

const CHILD = fileURLToPath(new URL('sandbox-child.js', import.meta.url))

/** Starts a fresh sandbox tenant in a process of its own. `faults` as `mfa sandbox serve --faults` takes them. */
export async function startSandboxProcess(tenantFile, faults) {
  const child = fork(CHILD, [tenantFile, faults])
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the sandbox ended with ${code}`)),
  )
  ended.catch(() => {})
  const [found] = await Promise.race([once(child, 'message'), ended])
  return {
    ...found,
    /** What the settings of the tool are called in the environment. */
    env: {
      MFA_GRAPH_URL: found.rootUrl,
      MFA_AUTHORITY_URL: found.rootUrl,
      MFA_TENANT_ID: found.tenantId,
      MFA_ACCESS_TOKEN: found.token,
    },
    async stats() {
      child.send('stats')
      return (await Promise.race([once(child, 'message'), ended]))[0]
    },
    async stop() {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    },
  }
}
