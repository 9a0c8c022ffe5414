import {readFileSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {hostname} from 'node:os'
import {resolve} from 'node:path'

import type {BackupDeps, BackupRequest} from './lib/backup/backup-request.js'
import {type ListedBackup, listBackups} from './lib/backup/list-backups.js'
import {defaultDataFolders, findData, type RegistryFacts, registryFacts} from './lib/backup/locate.js'
import type {PreflightRequest} from './lib/backup/preflight.js'
import type {RestoreDeps, RestoreRequest} from './lib/backup/restore.js'
import type {Identities, VerifyRequest} from './lib/backup/verify-backup.js'
import {settingsError} from './lib/config/faults.js'
import {duration} from './lib/config/pace-settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {decodeRegistryExport, parseRegistryExport} from './lib/model/registry-export.js'
import {Secret} from './lib/model/secret.js'
import type {ServiceControl} from './lib/ports/backup-store.js'
import {livenessOf, ownIdentity} from './lib/state/process-identity.js'
import {restrictToOwner} from './lib/state/restrict.js'
import {createFolderStore} from './lib/storage/folder-store.js'
import {unreadable} from './lib/storage/storage-fault.js'
import {windowsService} from './lib/storage/windows-service.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>
export type AllBackupDeps = BackupDeps & RestoreDeps

export function backupDeps(wired: Pick<Wiring, 'clock' | 'ui'>): AllBackupDeps {
  const {clock, ui} = wired
  const own = ownIdentity()
  const passphrase = process.env['MFA_BACKUP_PASSPHRASE']
  const store = createFolderStore({
    owner: {
      ...own,
      host: hostname(),
      isAlive: (pid, started) => livenessOf({pid, started, scope: own.scope}),
    },
    restrict: restrictToOwner,
    warn: (text) => ui.emit({type: 'warning', text}),
  })
  return {
    store,
    clock,
    ui,
    passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
    crypto: async () => (await import('./lib/storage/age.js')).ageCrypto,
    service: localService(),
  }
}

const localService = (): ServiceControl | undefined =>
  process.platform === 'win32' ? windowsService() : undefined

export async function backupRequest(flags: Flags, {store}: AllBackupDeps): Promise<BackupRequest> {
  const registry = await registryOf(flags)
  const recipients = Array.isArray(flags['recipient']) ? (flags['recipient'] as string[]) : []
  const role = text(flags, 'role') === undefined ? registry?.role : text(flags, 'role')
  return {
    data: await findData(path(flags, 'data'), candidates(registry), store),
    to: resolve(String(flags['to'])),
    installer: path(flags, 'installer'),
    server: text(flags, 'server') ?? hostname(),
    role: role === 'primary' || role === 'subordinate' ? role : 'unknown',
    serverVersion: text(flags, 'server-version') ?? registry?.version,
    seal:
      recipients.length > 0
        ? {kind: 'recipients', recipients}
        : {kind: flags['passphrase'] === true ? 'passphrase' : 'none'},
    keep: typeof flags['keep'] === 'number' ? flags['keep'] : undefined,
    maxAgeMs: age(flags),
    attempts: Number(flags['attempts']),
    allowReplica: flags['allow-replica'] === true,
    tool: toolVersion(),
  }
}

/** Throws MfaError `usage` where there is no such folder: an empty list would look like no backups. */
export async function listing(
  folder: string,
  deps: AllBackupDeps,
  signal: AbortSignal,
): Promise<readonly ListedBackup[]> {
  const place = await deps.store.look(resolve(folder))
  if (place?.kind !== 'folder')
    throw new MfaError('NO_FOLDER', `--to: ${folder} is no folder`, {
      exit: 'usage',
      fix: 'Give the folder that mfa server backup was given with --to.',
    })
  return listBackups(place.path, deps, signal)
}

export async function verifyRequest(backup: string, flags: Flags): Promise<VerifyRequest> {
  return {backup: resolve(backup), fast: flags['fast'] === true, identities: await identitiesOf(flags)}
}

export async function restoreRequest(
  backup: string,
  flags: Flags,
  preview: RestoreRequest['preview'],
): Promise<RestoreRequest> {
  return {
    backup: resolve(backup),
    data: resolve(String(flags['data'])),
    identities: await identitiesOf(flags),
    yes: flags['yes'] === true,
    controlService: flags['control-service'] === true,
    preview,
  }
}

export async function preflightRequest(flags: Flags, {store}: AllBackupDeps): Promise<PreflightRequest> {
  const registry = await registryOf(flags)
  const yesNo = (name: string): boolean | undefined =>
    flags[name] === undefined ? undefined : flags[name] === 'yes'
  const given = path(flags, 'data')
  const data = await findData(given, candidates(registry), store).catch((error: unknown) => {
    // Without the flag: one of the checks, and it stays open.
    if (given === undefined && error instanceof MfaError && error.code === 'NO_DATA') return undefined
    throw error
  })
  const server = text(flags, 'server')
  return {
    to: resolve(String(flags['to'])),
    maxAgeMs: age(flags) ?? 0,
    data,
    of: server !== undefined ? {server} : data !== undefined ? {server: hostname(), data} : undefined,
    installer: path(flags, 'installer'),
    registry,
    answers: {
      outOfLoadBalancer: yesNo('out-of-load-balancer'),
      redistributables: yesNo('redistributables'),
      secondaries: typeof flags['secondaries'] === 'number' ? flags['secondaries'] : undefined,
      secondaryLogs: yesNo('secondary-logs'),
    },
  }
}

const candidates = (registry: RegistryFacts | undefined): readonly string[] => [
  ...(registry?.data ?? []),
  ...defaultDataFolders(process.env),
]

async function registryOf(flags: Flags): Promise<RegistryFacts | undefined> {
  const file = text(flags, 'registry')
  if (file === undefined) return undefined
  const bytes = await bytesOf(file, '--registry')
  return registryFacts(parseRegistryExport(decodeRegistryExport(bytes), file))
}

async function identitiesOf(flags: Flags): Promise<Identities | undefined> {
  const file = text(flags, 'identity')
  if (file === undefined) return undefined
  return {file, text: new Secret((await bytesOf(file, '--identity')).toString('utf8'))}
}

async function bytesOf(file: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const fault = unreadable(error, file)
    if (!(fault instanceof MfaError)) throw fault
    throw new MfaError('FILE', `${flag}: ${fault.message}`, {exit: 'usage', fix: fault.fix, cause: error})
  }
}

function age(flags: Flags): number | undefined {
  const given = text(flags, 'max-age')
  if (given === undefined) return undefined
  const parsed = duration(given)
  if ('value' in parsed) return parsed.value
  throw settingsError([{message: `--max-age: ${parsed.problem}`, fix: parsed.fix}])
}

const text = (flags: Flags, name: string): string | undefined =>
  typeof flags[name] === 'string' ? flags[name] : undefined
const path = (flags: Flags, name: string): string | undefined => {
  const given = text(flags, name)
  return given === undefined ? undefined : resolve(given)
}

function toolVersion(): string {
  const {version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  return version
}
