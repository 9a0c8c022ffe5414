import {win32} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'
import {registryValue, PHONEFACTOR_KEYS, type RegistryExport} from '../model/registry-export.js'
import type {BackupStore} from '../ports/backup-store.js'
import type {Role} from './manifest.js'

export const DATA_FILE = 'PhoneFactor.pfdata'

/** What an export of the registry tells about the server. */
export interface RegistryFacts {
  /** Data folders that it names, the likeliest first. */
  readonly data: readonly string[]
  readonly role: Role
  readonly version: string | undefined
  /** Visual C++ 2015 (or one of its successors, which take its place) by architecture; undefined where the list of programs is not in the export. */
  readonly redistributables: {readonly x86: boolean; readonly x64: boolean} | undefined
}

/**
 * Three kinds of facts, by how sure they are. Windows itself documents where programs are listed (`Uninstall`) and what
 * a service runs (`ImagePath`). What the server keeps under its own key is not documented: a text there that ends in
 * `PhoneFactor.pfdata` or names the install folder is taken for what it says, and a role only from a value whose name and
 * content leave no doubt.
 */
export function registryFacts(found: RegistryExport): RegistryFacts {
  const folders: string[] = []
  let version: string | undefined
  const programs: string[] = []
  for (const key of found.keys()) {
    if (!/\\Uninstall\\[^\\]+$/i.test(key)) continue
    const name = text(registryValue(found, key, 'DisplayName'))
    if (name !== undefined) programs.push(name)
    if (name === undefined || !/^(?:Azure |Windows Azure )?Multi-Factor Authentication Server$/i.test(name))
      continue
    version ??= text(registryValue(found, key, 'DisplayVersion'))
    const location = text(registryValue(found, key, 'InstallLocation'))
    if (location !== undefined && location !== '') folders.push(win32.join(location, 'Data'))
  }
  for (const [key, values] of found) {
    if (/\\Services\\MultiFactorAuth$/i.test(key)) {
      const image = text(registryValue(found, key, 'ImagePath'))?.replace(/^"([^"]*)".*$/, '$1')
      if (image !== undefined) folders.push(win32.join(win32.dirname(image), 'Data'))
    }
    if (!isServerKey(key)) continue
    for (const value of values.values()) {
      if (typeof value !== 'string') continue
      if (/[\\/]phonefactor\.pfdata$/i.test(value)) folders.unshift(win32.dirname(value))
      else if (/[\\/](?:multi-factor authentication server|phonefactor)[\\/]?$/i.test(value))
        folders.push(win32.join(value, 'Data'))
      else if (/[\\/](?:multi-factor authentication server|phonefactor)[\\/]data[\\/]?$/i.test(value))
        folders.push(win32.normalize(value).replace(/\\$/, ''))
    }
  }
  return {
    data: [...new Set(folders)],
    role: roleIn(found),
    version,
    redistributables: programs.length === 0 ? undefined : redistributables(programs),
  }
}

const isServerKey = (key: string): boolean => /\\Positive Networks\\PhoneFactor(?:\\|$)/i.test(key)
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function roleIn(found: RegistryExport): Role {
  const roles = new Set<Role>()
  for (const key of PHONEFACTOR_KEYS) {
    for (const name of ['Role', 'ServerRole']) {
      const value = text(registryValue(found, key, name))
      if (value !== undefined && /^(?:primary|master)$/i.test(value)) roles.add('primary')
      if (value !== undefined && /^(?:subordinate|slave|secondary|replica)$/i.test(value))
        roles.add('subordinate')
    }
    for (const name of ['IsMaster', 'IsPrimary']) {
      const value = registryValue(found, key, name)
      if (value === 1) roles.add('primary')
      if (value === 0) roles.add('subordinate')
    }
  }
  const [only, another] = roles
  return only === undefined || another !== undefined ? 'unknown' : only
}

/** `Microsoft Visual C++ 2015 Redistributable (x64) - 14.0.23026`, and 2017 and later: 2015-2022. */
function redistributables(programs: readonly string[]): {readonly x86: boolean; readonly x64: boolean} {
  const has = (architecture: string): boolean =>
    programs.some(
      (name) =>
        /^Microsoft Visual C\+\+ (?:2015|2017|2019|2022|v14)\b.*Redistributable/i.test(name) &&
        name.toLowerCase().includes(`(${architecture})`),
    )
  return {x86: has('x86'), x64: has('x64')}
}

/** Where the installer puts it, and where the 5.x agents had it. */
export function defaultDataFolders(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const programs = [env['ProgramFiles'], env['ProgramW6432'], 'C:\\Program Files'].filter(
    (folder) => folder !== undefined && folder !== '',
  )
  const below = ['Multi-Factor Authentication Server\\Data', 'PhoneFactor\\Data']
  return [...new Set(below.flatMap((path) => programs.map((folder) => win32.join(folder ?? '', path))))]
}

/**
 * The data folder: `given` (a folder, or the data file in it), else the first candidate that exists.
 * Throws MfaError `usage` that names every place that was looked at.
 */
export async function findData(
  given: string | undefined,
  candidates: readonly string[],
  store: BackupStore,
): Promise<string> {
  for (const path of given === undefined ? candidates : [given]) {
    const place = await store.look(path)
    if (place?.kind === 'folder') return place.path
    if (place?.kind === 'file' && given !== undefined && isDataFile(place.path))
      return place.path.slice(0, -DATA_FILE.length).replace(/[\\/]$/, '')
  }
  if (given !== undefined)
    throw new MfaError('NO_DATA', `--data: ${given} is no folder`, {
      exit: 'usage',
      fix: `Give the folder that holds ${DATA_FILE}.`,
    })
  throw new MfaError(
    'NO_DATA',
    `the data folder of MFA Server is not on this machine: ${candidates.join(', ')}`,
    {
      exit: 'usage',
      fix: `Give --data FOLDER, the folder that holds ${DATA_FILE}; a copy of it will do.`,
    },
  )
}

export const isDataFile = (path: string): boolean => /(?:^|[\\/])phonefactor\.pfdata$/i.test(path)
