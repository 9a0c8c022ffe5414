import {lstat, rename} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'

import {errorCode} from '../errors/error-code.js'

const TRIES = 25
const PAUSE = 200

export interface RenameDeps {
  readonly rename: (from: string, to: string) => Promise<void>
  readonly sleep: (ms: number) => Promise<unknown>
  readonly platform: NodeJS.Platform
}

/**
 * Renames at once or not at all, and never over something that is there (rename(2) replaces an empty folder without a
 * word). On Windows a virus scanner may hold a folder for a moment: it is tried again for some seconds there.
 * Rejects with the system's error.
 */
export async function renameFolder(
  from: string,
  to: string,
  deps: RenameDeps = {rename, sleep, platform: process.platform},
): Promise<void> {
  const taken = await lstat(to).catch(() => undefined)
  if (taken !== undefined) throw Object.assign(new Error(`${to} is there already`), {code: 'EEXIST'})
  for (let tries = 1; ; tries++) {
    try {
      return await deps.rename(from, to)
    } catch (error) {
      const held = ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '')
      if (deps.platform !== 'win32' || !held || tries === TRIES) throw error
      await deps.sleep(PAUSE)
    }
  }
}
