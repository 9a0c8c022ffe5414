import {resolve, join} from 'node:path'

import {createConfigStore} from './lib/config/config-store.js'
import {CONFIG_FILE_NAME} from './lib/config/load-settings.js'
import type {Settings} from './lib/config/settings.js'
import type {TokenClaims} from './lib/entra/auth/jwt.js'
import {GRAPH_COMMAND_LINE_CLIENT} from './lib/entra/auth/public-client.js'
import {endpoints} from './lib/entra/clouds.js'
import {createAppSignIn} from './lib/entra/registration/app-sign-in.js'
import {createRegistrations} from './lib/entra/registration/registrations.js'
import type {RegistrationCaller} from './lib/ports/app-registration.js'
import type {SignInKind} from './lib/ports/sign-in-status.js'
import type {RegistrationDeps} from './lib/registration/configure-request.js'
import {certificatesFor} from './wire-certificates.js'
import {configFolder, ownCertificatePath} from './wire-registration-settings.js'
import {isEmbedded, type Tenant} from './wire-tenant.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

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
    caller: callerOf(await tenant.claims(signal), tenant.signIn?.().kind),
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
  const {loginOnce} = await import('./lib/entra/auth/login.js')
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

const APPLICATIONS: ReadonlySet<SignInKind | undefined> = new Set([
  'certificate',
  'federated-token',
  'managed-identity',
])

/** A token may tell nothing; how it was got then tells whose it is. */
function callerOf(claims: TokenClaims | undefined, how: SignInKind | undefined): RegistrationCaller {
  const {account, roles, scopes} = claims ?? {}
  const isApplication = claims?.isApplication ?? (APPLICATIONS.has(how) ? true : undefined)
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
