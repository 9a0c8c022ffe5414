import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EBUSY: 'another program holds it',
  ENAMETOOLONG: 'the path is too long for this file system',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'something with that name is there already',
  ENOTEMPTY: 'something with that name is there already',
  EISDIR: 'it is a folder',
  ELOOP: 'its links go in a circle',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports a failure',
  EXDEV: 'it is on another volume',
  EFBIG: 'the file is too big for that file system',
}

/** A file or folder that cannot be read. What is no error of the system comes back unchanged. */
export function unreadable(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  return new MfaError('UNREADABLE', `${path} cannot be read: ${REASONS[code] ?? code}`, {
    exit: 'data',
    fix: readingFix(code),
    cause: error,
  })
}

/** As `unreadable`, of something that cannot be written. */
export function unwritable(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new MfaError('DISK_FULL', `${path} cannot be written: the disk is full`, {
      exit: 'unavailable',
      fix: 'Free some space there, or choose a folder on another disk; what was begun is removed again.',
      cause: error,
    })
  const taken = code === 'EEXIST' || code === 'ENOTEMPTY'
  return new MfaError(taken ? 'TAKEN' : 'UNWRITABLE', `${path} cannot be written: ${REASONS[code] ?? code}`, {
    exit: 'usage',
    fix: writingFix(code),
    cause: error,
  })
}

function readingFix(code: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return 'Run this from an elevated prompt, as an account that may read the whole folder.'
  if (code === 'EBUSY')
    return 'Stop the service MultiFactorAuth for as long as this takes, or try again later.'
  if (code === 'ENAMETOOLONG') return 'Give a shorter path to the folder (subst, or a mapped drive).'
  return 'Check the path and the disk.'
}

function writingFix(code: string): string {
  if (code === 'ENAMETOOLONG') return 'Choose a folder with a shorter path.'
  if (code === 'EBUSY')
    return 'Close what uses the folder: the service MultiFactorAuth, an Explorer window, a prompt.'
  return 'Check the path and its rights.'
}

const systemCode = (error: unknown): string | undefined => {
  const code = error instanceof MfaError ? undefined : errorCode(error)
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}
