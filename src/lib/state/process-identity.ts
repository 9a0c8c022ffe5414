import {readFileSync, readlinkSync} from 'node:fs'

/** Says which process a pid means, beyond the number that another process may get later. */
export interface ProcessIdentity {
  readonly pid: number
  /** Boot and pid namespace: pids of another scope say nothing here. Empty where the system does not tell. */
  readonly scope: string
  /** When the process started, in the system's own unit. Empty where the system does not tell. */
  readonly started: string
}

export type Liveness = 'alive' | 'dead' | 'unknown'

export function ownIdentity(): ProcessIdentity {
  return {pid: process.pid, scope: scope(), started: startOf(process.pid)}
}

/**
 * `alive` only if it is provably the same process. `unknown`: elsewhere (another boot, another container), or a process
 * with that pid runs but may be another one.
 */
export function livenessOf(process_: ProcessIdentity): Liveness {
  if (process_.scope !== scope()) return 'unknown'
  try {
    process.kill(process_.pid, 0)
  } catch (error) {
    // EPERM: somebody else's process has that pid.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return 'dead'
  }
  if (process_.started === '') return 'unknown'
  return startOf(process_.pid) === process_.started ? 'alive' : 'dead'
}

let scopeOnce: string | undefined

function scope(): string {
  scopeOnce ??= read(() => {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`
  })
  return scopeOnce
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. */
function startOf(pid: number): string {
  return read(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })
}

/** Only Linux has /proc; elsewhere the pid alone has to do. */
function read(get: () => string): string {
  if (process.platform !== 'linux') return ''
  try {
    return get()
  } catch {
    return ''
  }
}
