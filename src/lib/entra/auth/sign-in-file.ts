import {randomUUID} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {chmod, mkdir, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'
import {parseJsonObject, type JsonObject} from '../../model/json-object.js'
import {Secret} from '../../model/secret.js'

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

/** Undefined where nobody is signed in. Throws MfaError `auth` where the file is no longer readable. */
export function readSignIn(stateFolder: string): StoredSignIn | undefined {
  const path = signInFile(stateFolder)
  let data: JsonObject
  try {
    data = parseJsonObject(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
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

/**
 * Written beside and renamed, for the owner only (R8): 0600, in a folder of 0700. On Windows the folder below
 * %LOCALAPPDATA% has the user's own ACL.
 */
export async function writeSignIn(stateFolder: string, signIn: StoredSignIn): Promise<void> {
  const path = signInFile(stateFolder)
  const beside = `${path}.${randomUUID()}`
  await mkdir(stateFolder, {recursive: true, mode: 0o700})
  try {
    await writeFile(beside, JSON.stringify({...signIn, cache: signIn.cache.reveal()}), {
      mode: 0o600,
      flag: 'wx',
    })
    if (process.platform !== 'win32') await chmod(beside, 0o600)
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
