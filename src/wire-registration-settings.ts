import {readFile} from 'node:fs/promises'
import {homedir, hostname} from 'node:os'
import {join, resolve} from 'node:path'

import {duration} from './lib/config/pace-settings.js'
import {clientId} from './lib/config/parse-values.js'
import type {Settings} from './lib/config/settings.js'
import {userFolders} from './lib/config/user-folders.js'
import {GRAPH_COMMAND_LINE_CLIENT} from './lib/entra/auth/public-client.js'
import {errorCode} from './lib/errors/error-code.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {CLOUD_NAMES} from './lib/model/cloud.js'
import {decodeRegistryExport, parseRegistryExport} from './lib/model/registry-export.js'
import type {CertificateRequest} from './lib/registration/configure-request.js'
import {FEATURES, knownPermission, type Feature, type NeededPermission} from './lib/registration/features.js'
import type {Which} from './lib/registration/locate.js'
import {cloudOfRegistry} from './lib/registration/registry-cloud.js'
import {isEmbedded} from './wire-tenant.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

export const DEFAULT_NAME = 'MFA Server Migration Utility'

export const configFolder = (): string => userFolders(process.platform, process.env, homedir()).config

/** What the settings file says of the application holds for the tenant that it names. */
const ofThisTenant = ({configTenant, tenant}: Settings): boolean =>
  configTenant === undefined || tenant === undefined || configTenant.toLowerCase() === tenant.value

const fromFile = (from: string): boolean => /: \w+$/.test(from)

/** `AZURE_CLIENT_ID` and its kin may be meant for anything: what is registered is named on purpose. */
const isMeant = (from: string, settings: Settings): boolean =>
  fromFile(from) ? ofThisTenant(settings) : from.startsWith('MFA_') && !isEmbedded(settings)

export function whichApp({settings}: Wiring, flags: Flags): Which {
  const name = flags['name']
  const id = flags['client-id']
  const known = settings.clientId
  const nameGiven = typeof name === 'string'
  const base = {displayName: nameGiven ? name : DEFAULT_NAME, nameGiven}
  if (typeof id === 'string') {
    const parsed = clientId(id)
    if (!('value' in parsed))
      throw new MfaError('CLIENT_ID_INVALID', `--client-id: ${parsed.problem}`, {
        exit: 'usage',
        fix: parsed.fix,
      })
    return {...base, appId: parsed.value, appIdFrom: '--client-id'}
  }
  return known !== undefined && isMeant(known.from, settings)
    ? {...base, appId: known.value, appIdFrom: known.from}
    : base
}

/**
 * Through which application people sign in: the registered one where it was set up for that (`rollout`); undefined: whatever
 * the settings name. Without it Entra would refuse them (AADSTS7000218).
 */
export function loginClient({clientId: id, features}: Settings): string | undefined {
  const isOurs = id !== undefined && fromFile(id.from) && features !== undefined
  return isOurs && !features.value.includes('rollout') ? GRAPH_COMMAND_LINE_CLIENT : undefined
}

export function ownCertificatePath(settings: Settings): string | undefined {
  const path = settings.clientCertificatePath
  return path !== undefined && isMeant(path.from, settings) ? path.value : undefined
}

/** The certificate of this machine: the file that a flag names, else the one in use, else a new one beside the settings. */
export async function certificateFor(
  wired: Wiring,
  flags: Flags,
  tenantId: string,
): Promise<CertificateRequest> {
  const {settings, ui} = wired
  const given = flags['certificate']
  const out = flags['certificate-out']
  const named = typeof given === 'string' ? given : typeof out === 'string' ? out : undefined
  const file =
    named === undefined
      ? (ownCertificatePath(settings) ?? join(configFolder(), `mfa-${tenantId}.pem`))
      : resolve(named)
  const days = flags['days']
  const set = settings.clientCertificatePassword?.value
  const password = set === undefined && /\.(pfx|p12)$/i.test(file) ? await askPassword(ui, file) : set
  return {
    file,
    mayMake: typeof given !== 'string',
    commonName: commonName(),
    days: typeof days === 'number' ? days : 365,
    password,
  }
}

async function askPassword(ui: Wiring['ui'], file: string) {
  const {Secret} = await import('./lib/model/secret.js')
  return new Secret(await ui.ask(`Password of ${file}:`, 'MFA_CLIENT_CERTIFICATE_PASSWORD', {hidden: true}))
}

/** The machine's name tells the certificates of several servers apart; 64 characters are the most. */
export function commonName(): string {
  const name = hostname().replaceAll(/[^\w.-]/g, '-')
  return `mfa on ${name === '' ? 'this machine' : name}`.slice(0, 64)
}

/** `--with`, else what the settings file remembers, else the migration. Throws MfaError `usage` for an unknown word. */
export function featuresOf({settings}: Wiring, flags: Flags): readonly Feature[] {
  const given = flags['with']
  const kept = settings.features
  const words =
    typeof given === 'string'
      ? given
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== '')
      : kept !== undefined && ofThisTenant(settings)
        ? kept.value
        : ['migrate']
  const unknown = words.filter((word) => !isFeature(word))
  if (unknown.length > 0 || words.length === 0)
    throw new MfaError(
      'FEATURE_UNKNOWN',
      words.length === 0
        ? '--with: is empty'
        : `--with: ${unknown.map((word) => `"${word}"`).join(', ')} is not known`,
      {exit: 'usage', fix: `Choose from ${FEATURES.join(', ')}; separated by commas.`},
    )
  return FEATURES.filter((feature) => words.includes(feature))
}

const isFeature = (word: string): word is Feature => (FEATURES as readonly string[]).includes(word)

/** Permissions named one by one. Throws MfaError `usage` for one that the tool has no use for. */
export function permissionsNamed(names: readonly string[]): readonly NeededPermission[] {
  return names.map((name) => {
    const known = knownPermission(name)
    if (known === undefined)
      throw new MfaError('PERMISSION_UNKNOWN', `mfa has no use for the permission "${name.slice(0, 80)}"`, {
        exit: 'usage',
        fix: 'mfa app show lists what is needed; other permissions are granted in the Entra admin center.',
      })
    return known
  })
}

/** A length of time such as `10m` or `7d`; `0` for none. Throws MfaError `usage` that names the flag. */
export function timeFlag(flags: Flags, name: string, otherwise: number): number {
  const text = flags[name]
  if (typeof text !== 'string') return otherwise
  if (/^0[smhd]?$/.test(text.trim())) return 0
  const parsed = duration(text)
  if ('value' in parsed) return parsed.value
  throw new MfaError('TIME_INVALID', `--${name}: ${parsed.problem}`, {exit: 'usage', fix: parsed.fix})
}

/** What the sandbox shows at once, Entra may take a minute for. */
export function consistencyMs({settings}: Wiring, flags: Flags): number {
  const seconds = flags['consistency']
  return (typeof seconds === 'number' ? seconds : isEmbedded(settings) ? 5 : 60) * 1000
}

/** What the settings file is to say of the tenant: as it was typed, else its id. */
export const tenantLabel = ({settings}: Wiring, tenantId: string): string =>
  settings.tenant?.value ?? tenantId

/** `--from-registry FILE`: flags with the cloud that the old registry key tells. */
export async function withRegistryCloud<T extends Flags>(flags: T): Promise<T> {
  const file = flags['from-registry']
  if (typeof file !== 'string') return flags
  const cloud = cloudOfRegistry(parseRegistryExport(await registryText(file), file), file)
  if (cloud === undefined)
    throw new MfaError('REGISTRY_CLOUD', `${file} has neither StsUrl nor GraphUrl of MFA Server`, {
      exit: 'data',
      fix: `Those stand there only where the migration utility was set up for another cloud. Name the cloud: --cloud ${CLOUD_NAMES.join(', ')}.`,
    })
  const given = flags['cloud']
  if (given !== undefined && given !== cloud)
    throw new MfaError(
      'REGISTRY_CLOUD',
      `--cloud and ${file} contradict each other; the file says ${cloud}`,
      {
        exit: 'usage',
        fix: 'Leave one of them out.',
      },
    )
  return {...flags, cloud}
}

async function registryText(file: string): Promise<string> {
  try {
    return decodeRegistryExport(await readFile(file))
  } catch (error) {
    throw new MfaError('FILE', `${file} cannot be read: ${errorCode(error) ?? 'unknown reason'}`, {
      exit: 'data',
      fix: 'Check the path and its rights.',
    })
  }
}
