import {mkdir, stat} from 'node:fs/promises'
import {dirname, resolve} from 'node:path'

import {errorCode} from '../errors/error-code.js'

/**
 * Makes a folder and those above it that are missing; the first one that was made, or undefined. Node's own recursive `mkdir` never
 * comes back where a folder is there and takes none inside it, as below /proc; here the system's own refusal is thrown.
 */
export async function makeFolders(path: string, mode?: number): Promise<string | undefined> {
  const missing: string[] = []
  for (let at = resolve(path); !(await isThere(at)); at = dirname(at)) {
    missing.unshift(at)
    if (dirname(at) === at) break
  }
  for (const each of missing)
    await mkdir(each, mode === undefined ? {} : {mode}).catch((error: unknown) => {
      // Somebody else made it meanwhile.
      if (errorCode(error) !== 'EEXIST') throw error
    })
  return missing[0]
}

async function isThere(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    if (!found.isDirectory()) throw Object.assign(new Error(`${path} is not a folder`), {code: 'ENOTDIR'})
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
