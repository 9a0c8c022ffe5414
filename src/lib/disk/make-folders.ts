import {mkdirSync, statSync} from 'node:fs'
import {dirname, resolve} from 'node:path'

import {errorCode} from '../errors/error-code.js'

/**
 * Makes a folder and those above it that are missing; the first one that was made, or undefined. Node's own recursive `mkdir` never
 * comes back where a folder is there and takes none inside it, as below /proc; here the system's own refusal is thrown.
 */
export function makeFoldersSync(path: string, mode?: number): string | undefined {
  const missing: string[] = []
  for (let at = resolve(path); !isThere(at); at = dirname(at)) {
    missing.unshift(at)
    if (dirname(at) === at) break
  }
  for (const each of missing)
    try {
      mkdirSync(each, mode === undefined ? {} : {mode})
    } catch (error) {
      // Somebody else made it meanwhile.
      if (errorCode(error) !== 'EEXIST') throw error
    }
  return missing[0]
}

/** As `makeFoldersSync`; what is thrown there is a rejection here. */
export async function makeFolders(path: string, mode?: number): Promise<string | undefined> {
  return makeFoldersSync(path, mode)
}

function isThere(path: string): boolean {
  try {
    if (!statSync(path).isDirectory())
      throw Object.assign(new Error(`${path} is not a folder`), {code: 'ENOTDIR'})
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
