import {readFile} from 'node:fs/promises'
import {homedir, hostname} from 'node:os'
import {join, resolve} from 'node:path'

import {createConfigStore} from './lib/config/config-store.js'
import {CONFIG_FILE_NAME} from './lib/config/load-settings.js'
import {duration} from './lib/config/pace-settings.js'
import type {Settings} from './lib/config/settings.js'
import {userFolders} from './lib/config/user-folders.js'
import type {TokenClaims} from './lib/entra/auth/jwt.js'
import {endpoints} from './lib/entra/clouds.js'
import {createAppSignIn} from './lib/entra/registration/app-sign-in.js'
import {createRegistrations} from './lib/entra/registration/registrations.js'
import {errorCode} from './lib/errors/error-code.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {CLOUD_NAMES} from './lib/model/cloud.js'
import {decodeRegistryExport, parseRegistryExport} from './lib/model/registry-export.js'
import type {RegistrationCaller} from './lib/ports/app-registration.js'
import type {CertificateRequest, ConfigureRequest, RegistrationDeps} from './lib/registration/configure.js'
import {checkCloud} from './lib/registration/clouds.js'
import {FEATURES, knownPermission, type Feature, type NeededPermission} from './lib/registration/features.js'
import {readIfThere} from './lib/registration/apply-steps.js'
import type {By, RemoveKeysRequest, RotateRequest} from './lib/registration/certificates.js'
import type {Which} from './lib/registration/locate.js'
import type {RemoveRequest} from './lib/registration/remove.js'
import type {ShowRequest} from './lib/registration/show.js'
import {cloudOfRegistry} from './lib/registration/registry-cloud.js'
import {certificatesFor} from './wire-certificates.js'
import {isEmbedded, type Tenant} from './wire-tenant.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

export const DEFAULT_NAME = 'MFA Server Migration Utility'

/** Delegated permissions of the sign-in that registers; Microsoft's own public client for command lines has them. */
const REGISTER = [
  'Application.ReadWrite.All',
  'AppRoleAssignment.ReadWrite.All',
  'DelegatedPermissionGrant.ReadWrite.All',
]
const LOOK = ['Application.Read.All', 'Directory.Read.All']

/** Who signs in: a person for this command alone, or whatever the settings say. */
export type As = 'person' | 'app'

export async function registrationDeps(
  wired: Wiring,
  flags: Flags,
  how: {readonly as: As; readonly writes: boolean},
  signal: AbortSignal,
): Promise<RegistrationDeps> {
  const {settings, clock, ui, files} = wired
  const tenant = await signInFor(wired, flags, how, signal)
  const log = await wired.log()
  const embedded = isEmbedded(settings)
  const elsewhere = !embedded && settings.graphUrl !== undefined && settings.authorityUrl === undefined
  return {
    registrations: createRegistrations(tenant.graph, {clock, authorityUrl: tenant.authorityUrl}),
    caller: callerOf(await tenant.claims(signal)),
    signIn: createAppSignIn({
      ...wired.signInDeps(),
      cloud: settings.cloud.value,
      graphUrl: tenant.graphUrl,
      authorityUrl: tenant.authorityUrl,
      untried: elsewhere
        ? 'MFA_GRAPH_URL names another service, and MFA_AUTHORITY_URL does not say where it signs in.'
        : undefined,
      log: (event) =>
        log.write(
          'debug',
          event.type === 'http' ? `as the application: ${event.method} ${event.url} ${event.result}` : 'wait',
          {
            ...event,
          },
        ),
    }),
    certificates: certificatesFor(wired),
    config: createConfigStore(configFileOf(settings, flags), files),
    files,
    journal: await wired.journal(),
    clock,
    ui,
    tenantId: await tenant.directory.tenantId(signal),
  }
}

/** What `--as` means where it is left out: an application's sign-in if one is set up, else a person. */
export function defaultAs(flags: Flags, settings: Settings): As {
  if (flags['as'] === 'app' || flags['as'] === 'person') return flags['as']
  const {clientCertificate, federatedTokenFile, managedIdentity} = settings
  const set =
    clientCertificate !== undefined ||
    ownCertificatePath(settings) !== undefined ||
    federatedTokenFile !== undefined ||
    managedIdentity?.value === true
  return set && !isEmbedded(settings) ? 'app' : 'person'
}

async function signInFor(
  wired: Wiring,
  flags: Flags,
  {as, writes}: {readonly as: As; readonly writes: boolean},
  signal: AbortSignal,
): Promise<Tenant> {
  const {settings} = wired
  if (isEmbedded(settings)) return wired.personTenant()
  if (settings.accessToken !== undefined || as === 'app') return wired.tenant()
  const {loginOnce, GRAPH_COMMAND_LINE_CLIENT} = await import('./lib/entra/auth/login.js')
  const {resource} = endpoints(settings.cloud.value)
  const client = flags['bootstrap-client']
  wired.ui.emit({
    type: 'note',
    text: `An administrator signs in for this command alone (${writes ? 'Application Administrator at least; to consent, Privileged Role Administrator' : 'Global Reader at least'}).`,
  })
  const {provider} = await loginOnce(
    flags['browser'] === true ? 'browser' : 'device-code',
    settings,
    wired.signInDeps(),
    signal,
    {
      clientId: typeof client === 'string' ? client : GRAPH_COMMAND_LINE_CLIENT,
      scopes: (writes ? REGISTER : LOOK).map((name) => `${resource}/${name}`),
    },
  )
  return wired.tenantAs(provider)
}

function callerOf(claims: TokenClaims | undefined): RegistrationCaller {
  const {isApplication, account, roles, scopes} = claims ?? {}
  // `.default` is whatever was consented to.
  const spelled = scopes?.some((scope) => scope.endsWith('.default')) === true ? undefined : scopes
  return {
    kind: isApplication === undefined ? 'unknown' : isApplication ? 'application' : 'person',
    name: account,
    permissions: isApplication === true ? roles : spelled,
  }
}

/** `--config`, else the file that was read, else the user's own: what the next command reads. */
function configFileOf(settings: Settings, flags: Flags): string {
  const named = flags['config']
  if (typeof named === 'string') return resolve(named)
  return settings.configFile ?? join(configFolder(), CONFIG_FILE_NAME)
}

const configFolder = (): string => userFolders(process.platform, process.env, homedir()).config

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
  if (typeof id === 'string') return {...base, appId: id.toLowerCase(), appIdFrom: '--client-id'}
  return known !== undefined && isMeant(known.from, settings)
    ? {...base, appId: known.value, appIdFrom: known.from}
    : base
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
  return (typeof seconds === 'number' ? seconds : isEmbedded(settings) ? 5 : 120) * 1000
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

type Request = (tenantId: string) => Promise<ConfigureRequest>

/** Flags of `mfa app configure` as the library wants them; the tenant's id is known once somebody signed in. */
export function configureRequest(wired: Wiring, flags: Flags, preview: ConfigureRequest['preview']): Request {
  const features = featuresOf(wired, flags)
  const waitMs = timeFlag(flags, 'wait', 15 * 60_000)
  checkCloud(wired.settings.cloud.value, features)
  return async (tenantId) => ({
    ...(await common(wired, flags, tenantId, 'mfa app configure')),
    createNew: flags['new'] === true,
    mustExist: false,
    features,
    extra: [],
    certificate: await certificateFor(wired, flags, tenantId),
    keep: {signIn: true, features: true},
    prune: flags['prune'] === true,
    waitMs,
    preview,
  })
}

/** `mfa app grant`: the named permissions, or what the features lack. Certificates and sign-in settings stay. */
export function grantRequest(
  wired: Wiring,
  flags: Flags,
  names: readonly string[],
  preview: ConfigureRequest['preview'],
): Request {
  const extra = permissionsNamed(names)
  const kept = featuresOf(wired, {})
  const more = flags['with'] === undefined ? [] : featuresOf(wired, flags)
  const features = FEATURES.filter((feature) => kept.includes(feature) || more.includes(feature))
  const waitMs = timeFlag(flags, 'wait', 15 * 60_000)
  checkCloud(wired.settings.cloud.value, features)
  return async (tenantId) => ({
    ...(await common(wired, flags, tenantId, 'mfa app grant')),
    createNew: false,
    mustExist: true,
    features,
    extra,
    keep: {signIn: false, features: more.length > 0},
    prune: false,
    waitMs,
    preview,
  })
}

/** `mfa app certificate add`: a certificate of this machine beside those of others; permissions stay. */
export function addCertificateRequest(
  wired: Wiring,
  flags: Flags,
  preview: ConfigureRequest['preview'],
): Request {
  return async (tenantId) => ({
    ...(await common(wired, flags, tenantId, 'mfa app certificate add')),
    createNew: false,
    mustExist: true,
    features: [],
    extra: [],
    certificate: await certificateFor(wired, flags, tenantId),
    keep: {signIn: true, features: false},
    prune: false,
    waitMs: 0,
    preview,
  })
}

async function common(wired: Wiring, flags: Flags, tenantId: string, command: string) {
  return {
    command,
    which: whichApp(wired, flags),
    cloud: wired.settings.cloud.value,
    tenant: tenantLabel(wired, tenantId),
    dryRun: flags['dry-run'] === true,
    yes: flags['yes'] === true,
    consistencyMs: consistencyMs(wired, flags),
    logFile: (await wired.log()).file,
  }
}

/** `mfa app certificate rotate`: whoever may change applications does it, else the application itself. */
export async function rotateRequest(
  wired: Wiring,
  flags: Flags,
  deps: RegistrationDeps,
  preview: RotateRequest['preview'],
): Promise<RotateRequest> {
  const {settings} = wired
  const within = timeFlag(flags, 'within', -1)
  const {command, which, yes, ...rest} = await common(
    wired,
    flags,
    deps.tenantId,
    'mfa app certificate rotate',
  )
  return {
    command,
    which,
    yes,
    consistencyMs: rest.consistencyMs,
    logFile: rest.logFile,
    by: byWhom(deps, which, settings),
    certificate: {...(await certificateFor(wired, flags, deps.tenantId)), mayMake: false},
    keepOldMs: timeFlag(flags, 'keep-old', 0),
    withinMs: within < 0 ? undefined : within,
    preview,
  }
}

const MAY_CHANGE = new Set(['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy'])

function byWhom({caller}: RegistrationDeps, {appId}: Which, {clientObjectId}: Settings): By {
  const may = caller.permissions?.some((name) => MAY_CHANGE.has(name)) !== false
  if (caller.kind !== 'application' || may) return {kind: 'graph'}
  if (appId !== undefined && clientObjectId !== undefined)
    return {kind: 'itself', appId, objectId: clientObjectId.value}
  throw new MfaError(
    'OBJECT_ID_UNKNOWN',
    'the settings file does not name the application’s object id, which rolling its own certificates needs.',
    {
      exit: 'usage',
      fix: 'Run mfa app configure once on this machine, or let a person do it: --as person.',
    },
  )
}

export async function removeKeysRequest(
  wired: Wiring,
  flags: Flags,
  named: readonly string[],
  deps: RegistrationDeps,
  preview: RemoveKeysRequest['preview'],
): Promise<RemoveKeysRequest> {
  const expired = flags['expired'] === true
  if (named.length === 0 && !expired)
    throw new MfaError('MISSING_ARGUMENT', 'which certificate? Name its thumbprint, or give --expired.', {
      exit: 'usage',
      fix: 'See mfa app certificate list.',
    })
  const {
    dryRun: _dryRun,
    tenant: _tenant,
    cloud: _cloud,
    ...rest
  } = await common(wired, flags, deps.tenantId, 'mfa app certificate remove')
  const {file, password} = await certificateFor(wired, {}, deps.tenantId)
  const own = await readIfThere(deps.certificates, file, password).catch(() => undefined)
  return {
    ...rest,
    named,
    expired,
    force: flags['force'] === true,
    own: own?.facts.thumbprintSha256,
    preview,
  }
}

export async function removeRequest(
  wired: Wiring,
  flags: Flags,
  deps: RegistrationDeps,
  preview: RemoveRequest['preview'],
): Promise<RemoveRequest> {
  const {
    tenant: _tenant,
    cloud: _cloud,
    ...rest
  } = await common(wired, flags, deps.tenantId, 'mfa app remove')
  const keyFiles = flags['remove-key']
  return {
    ...rest,
    force: flags['force'] === true,
    keyFiles: typeof keyFiles === 'boolean' ? keyFiles : undefined,
    preview,
  }
}

export function showRequest(wired: Wiring, flags: Flags): ShowRequest {
  const file = ownCertificatePath(wired.settings)
  const password = wired.settings.clientCertificatePassword?.value
  return {
    which: whichApp(wired, flags),
    features: featuresOf(wired, flags),
    certificate: file === undefined ? undefined : {file, password},
  }
}
