import {open} from 'node:fs/promises'
import {join, sep} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'

/** Where a relative path of the port is; a path that leads out of the folder is a bug or an attack. */
export function inside(folder: string, path: string): string {
  const parts = path.split('/')
  const bad = parts.some(
    (part) => part === '' || part === '.' || part === '..' || (sep === '\\' && /[\\:]/.test(part)),
  )
  if (bad || path.includes('\0'))
    throw new MfaError('UNSAFE_PATH', `${JSON.stringify(path)} is not the path of a file below ${folder}`, {
      exit: 'data',
      fix: 'This backup was not made by mfa, or was changed since. Use another one.',
    })
  return join(folder, ...parts)
}

/** Makes names in a folder durable, where the system has a way to. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
