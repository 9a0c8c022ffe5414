import {makeFolders} from '../../disk/make-folders.js'
import {randomUUID} from 'node:crypto'
import {closeSync, fstatSync, openSync, readFileSync} from 'node:fs'
import {chmod, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'
import {parseJsonObject, type JsonObject} from '../../model/json-object.js'
import {Secret} from '../../model/secret.js'
import type {SignInDeps} from './sign-in-settings.js'

/** What `mfa auth login` leaves behind for the other commands. */
export interface StoredSignIn {
  readonly schemaVersion: 1
  readonly clientId: string
  readonly cloud: string
  readonly authorityUrl: string
  /** As it was asked for, and as Entra answered. */
  readonly tenant: string
  readonly tenantId: string
  readonly homeAccountId: string
  readonly account: string
  readonly scopes: readonly string[]
  readonly signedInAt: string
  /** MSAL's tokens. */
  readonly cache: Secret
}

const TEXTS = [
  'clientId',
  'cloud',
  'authorityUrl',
  'tenant',
  'tenantId',
  'homeAccountId',
  'account',
  'signedInAt',
  'cache',
] as const

export function signInFile(stateFolder: string): string {
  return join(stateFolder, 'sign-in.json')
}

/**
 * Undefined where nobody is signed in. Throws MfaError `auth` where the file is no longer readable, where others than its
 * owner may read or write it, or where it is somebody else's: its tokens may be known, or not be ours.
 */
export function readSignIn(stateFolder: string): StoredSignIn | undefined {
  const path = signInFile(stateFolder)
  let data: JsonObject
  try {
    data = parseJsonObject(readOwn(path)) ?? {}
  } catch (error) {
    if (error instanceof MfaError) throw error
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, code ?? 'it is damaged')
  }
  const scopes = data['scopes']
  const whole = data['schemaVersion'] === 1 && TEXTS.every((name) => typeof data[name] === 'string')
  if (!whole || !Array.isArray(scopes)) throw unreadable(path, 'it is of another version, or damaged')
  const text = (name: (typeof TEXTS)[number]) => String(data[name])
  return {
    schemaVersion: 1,
    clientId: text('clientId'),
    cloud: text('cloud'),
    authorityUrl: text('authorityUrl'),
    tenant: text('tenant'),
    tenantId: text('tenantId'),
    homeAccountId: text('homeAccountId'),
    account: text('account'),
    scopes: scopes.map(String),
    signedInAt: text('signedInAt'),
    cache: new Secret(text('cache')),
  }
}

/** The text of a file that is a person's own. On Windows its rights are set when it is written and not read back. */
function readOwn(path: string): string {
  const file = openSync(path, 'r')
  try {
    const {mode, uid} = fstatSync(file)
    const me = process.getuid?.()
    if (me !== undefined && uid !== me)
      throw exposed(
        path,
        'belongs to another user',
        'Choose a state folder of your own: --state or MFA_STATE.',
      )
    if (me !== undefined && (mode & 0o077) !== 0)
      throw exposed(
        path,
        `may be read or written by others than you (mode ${(mode & 0o777).toString(8)})`,
        `If nobody else can have read it: chmod 600 "${path}". Otherwise mfa auth logout, then mfa auth login again.`,
      )
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/**
 * Written beside and renamed, for the owner only (R8): 0600, in a folder that is made 0700; on Windows by ACL.
 * A folder that was there keeps its rights: `openState` looks after those of a state folder.
 */
export async function writeSignIn(
  stateFolder: string,
  signIn: StoredSignIn,
  restrict: SignInDeps['restrict'] = (path) => chmod(path, 0o600),
): Promise<void> {
  const path = signInFile(stateFolder)
  const beside = `${path}.${randomUUID()}`
  await makeFolders(stateFolder, 0o700)
  try {
    // Closed to others before there is anything in it.
    await writeFile(beside, '', {mode: 0o600, flag: 'wx'})
    await restrict(beside)
    await writeFile(beside, JSON.stringify({...signIn, cache: signIn.cache.reveal()}))
    await rename(beside, path)
  } catch (error) {
    await rm(beside, {force: true})
    const code = errorCode(error) ?? 'unknown reason'
    throw new MfaError('SIGN_IN_NOT_KEPT', `The sign-in cannot be written to ${path} (${code}).`, {
      exit: 'usage',
      fix: 'Choose a state folder that your user may write to: --state or MFA_STATE.',
    })
  }
}

/** Was there one? */
export async function removeSignIn(stateFolder: string): Promise<boolean> {
  try {
    await rm(signInFile(stateFolder))
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

function unreadable(path: string, why: string): MfaError {
  return new MfaError('SIGN_IN_UNREADABLE', `The sign-in kept in ${path} cannot be used: ${why}.`, {
    exit: 'auth',
    fix: 'Run mfa auth logout, then mfa auth login again.',
  })
}

function exposed(path: string, why: string, fix: string): MfaError {
  return new MfaError('SIGN_IN_EXPOSED', `The sign-in kept in ${path} is not used: it ${why}.`, {
    exit: 'auth',
    fix,
  })
}
