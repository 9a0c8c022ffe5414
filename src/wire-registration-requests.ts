import type {Settings} from './lib/config/settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {readIfThere} from './lib/registration/apply-steps.js'
import type {RemoveKeysRequest} from './lib/registration/remove-keys.js'
import type {By, RotateRequest} from './lib/registration/rotate.js'
import {checkCloud} from './lib/registration/clouds.js'
import type {ConfigureRequest, RegistrationDeps} from './lib/registration/configure-request.js'
import {FEATURES} from './lib/registration/features.js'
import type {Which} from './lib/registration/locate.js'
import type {RemoveRequest} from './lib/registration/remove.js'
import type {ShowRequest} from './lib/registration/show.js'
import {
  certificateFor,
  consistencyMs,
  featuresOf,
  ownCertificatePath,
  permissionsNamed,
  tenantLabel,
  timeFlag,
  whichApp,
} from './wire-registration-settings.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

type Request = (tenantId: string) => Promise<ConfigureRequest>

/** Flags of `mfa app configure` as the library wants them; the tenant's id is known once somebody signed in. */
export function configureRequest(wired: Wiring, flags: Flags, preview: ConfigureRequest['preview']): Request {
  const features = featuresOf(wired, flags)
  const waitMs = timeFlag(flags, 'wait', 15 * 60_000)
  checkCloud(wired.settings.cloud.value, features)
  whichApp(wired, flags)
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
  const may = caller.permissions?.some((name) => MAY_CHANGE.has(name))
  if (caller.kind !== 'application' || may === true) return {kind: 'graph'}
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
