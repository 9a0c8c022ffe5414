import {execFile} from 'node:child_process'
import {chmod, stat} from 'node:fs/promises'
import {userInfo} from 'node:os'
import {win32} from 'node:path'
import {promisify} from 'node:util'

/**
 * R8: only the owner may read. POSIX: 0700 for a folder, 0600 for a file. Windows: inherited rights are dropped, the
 * signed-in user and SYSTEM are given full control (icacls, no shell). The Windows side was never tried on Windows.
 * Rejects with the system's error.
 */
export async function restrictToOwner(path: string): Promise<void> {
  const isFolder = (await stat(path)).isDirectory()
  if (process.platform !== 'win32') return chmod(path, isFolder ? 0o700 : 0o600)
  const {file, args} = aclCommand(path, isFolder, userInfo().username, process.env)
  await promisify(execFile)(file, [...args], {windowsHide: true})
}

/** The icacls call for `restrictToOwner`; SYSTEM goes by its SID since its name is translated. */
export function aclCommand(
  path: string,
  isFolder: boolean,
  user: string,
  env: Readonly<Record<string, string | undefined>>,
): {readonly file: string; readonly args: readonly string[]} {
  const domain = env['USERDOMAIN']
  const rights = isFolder ? ':(OI)(CI)F' : ':F'
  return {
    file: win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'icacls.exe'),
    args: [
      path,
      '/inheritance:r',
      '/grant:r',
      `${domain === undefined ? user : `${domain}\\${user}`}${rights}`,
      '/grant:r',
      `*S-1-5-18${rights}`,
      '/q',
    ],
  }
}
