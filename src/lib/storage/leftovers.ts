import {hash, randomBytes} from 'node:crypto'
import {readdir, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'

/** Which process makes a draft: on which machine, in which boot or container. */
export interface Owner {
  readonly host: string
  readonly pid: number
  readonly scope: string
  readonly started: string
  /** Whether a process of this machine and scope lives. */
  isAlive(pid: number, started: string): 'alive' | 'dead' | 'unknown'
}

const NAME = /^\..+\.(\d+)-([\da-f]{8})-([\da-f]{8})-(\d*)-[\da-f]{8}\.part$/
/** A draft that nobody touched for so long is given up, whoever made it. */
const GIVEN_UP = 24 * 3_600_000

const short = (text: string): string => hash('sha256', text).slice(0, 8)

/** The name of something that is not there yet, or no longer; it says whose it is from the moment it exists. */
export const hiddenName = (name: string, {pid, host, scope, started}: Owner): string =>
  `.${name}.${pid}-${short(host)}-${short(scope)}-${started}-${randomBytes(4).toString('hex')}.part`

/** Clears away the drafts of processes that ended. What may still be at work is told, not touched. */
export async function sweep(
  folder: string,
  owner: Owner,
): Promise<{readonly removed: readonly string[]; readonly kept: readonly string[]}> {
  const removed: string[] = []
  const kept: string[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid = '', host, scope, started = ''] = NAME.exec(name) ?? []
    if (host === undefined) continue
    const path = join(folder, name)
    const here = host === short(owner.host) && scope === short(owner.scope)
    const life = here ? owner.isAlive(Number(pid), started) : 'unknown'
    if (life === 'alive') continue
    if (life === 'unknown' && !(await isOld(path))) {
      kept.push(path)
      continue
    }
    await rm(path, {recursive: true, force: true, maxRetries: 3}).then(
      () => removed.push(path),
      () => kept.push(path),
    )
  }
  return {removed, kept}
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > GIVEN_UP
}
