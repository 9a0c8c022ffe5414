import {dirname} from 'node:path'
import {MfaError} from '../errors/mfa-error.js'

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
const PERM = 3
const AUTH = 23

/** What to tell about a failure of the state's file or folder; anything else comes back unchanged: a bug. */
export function stateFault(error: unknown, path: string): unknown {
  if (!(error instanceof Error)) return error
  const cause = {cause: error}
  switch (primaryCode(error) ?? systemCode(error) ?? '') {
    case CORRUPT:
    case NOTADB:
      return stateDamaged(path, error.message, error)
    case FULL:
    case 'ENOSPC':
    case 'EDQUOT':
      return new MfaError('STATE_DISK_FULL', `No room left on the disk of the state ${path}.`, {
        exit: 'unavailable',
        fix: 'Free some space there and run the same command again: it goes on where it stopped.',
        ...cause,
      })
    case READONLY:
    case CANTOPEN:
    case PERM:
    case AUTH:
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new MfaError(
        'STATE_NOT_WRITABLE',
        `The state ${path} cannot be opened for writing: ${error.message}.`,
        {
          exit: 'usage',
          fix: `Give your account write access to ${dirname(path)}, or choose another folder with --state.`,
          ...cause,
        },
      )
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return new MfaError('STATE_NOT_A_FOLDER', `The state ${path} cannot be made: ${error.message}.`, {
        exit: 'usage',
        fix: 'Choose a folder with --state, or a file with --state sqlite:FILE.',
        ...cause,
      })
    case BUSY:
    case LOCKED:
      return new MfaError('STATE_BUSY', `The state ${path} is held by another process for too long.`, {
        exit: 'unavailable',
        fix: 'Look for a backup or a virus scanner that holds the file, then run the same command again.',
        ...cause,
      })
    case IOERR:
    case 'EIO':
      return new MfaError('STATE_IO', `The disk of the state ${path} reports a failure: ${error.message}.`, {
        exit: 'unavailable',
        fix: 'Check the disk, then run the same command again. A state folder belongs on a local disk, not on a share.',
        ...cause,
      })
    default:
      return error
  }
}

/** The content is not what we wrote. */
export function stateDamaged(path: string, what: string, cause?: unknown): MfaError {
  return new MfaError('STATE_DAMAGED', `The state ${path} cannot be read: ${what}.`, {
    exit: 'data',
    fix: 'Put back a copy of it, or move it away and start with a new state (--state FOLDER): everybody is compared with the tenant again then.',
    cause,
  })
}

function primaryCode(error: Error): number | undefined {
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

function systemCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
