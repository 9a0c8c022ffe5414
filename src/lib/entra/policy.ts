import type {
  AuthenticationMethodConfiguration,
  AuthenticationMethodsPolicy,
  MicrosoftAuthenticatorAuthenticationMethodConfiguration,
  SmsAuthenticationMethodTarget,
  VoiceAuthenticationMethodConfiguration,
} from '@microsoft/microsoft-graph-types'
import {
  POLICY_METHODS,
  type MethodConfiguration,
  type MethodsPolicy,
  type PolicyMethod,
} from '../model/methods-policy.js'
import {GraphError} from './transport/graph-error.js'
import type {Graph} from './transport/graph.js'

const POLICY_PATH = '/policies/authenticationMethodsPolicy'

/** M3: the policy of v1.0, and hardware OATH from beta; a configuration that the service does not show is not enabled. */
export async function readMethodsPolicy(graph: Graph, signal: AbortSignal): Promise<MethodsPolicy> {
  const [policy, hardware] = await Promise.all([
    graph.read({method: 'GET', version: 'v1.0', path: POLICY_PATH}, signal),
    hardwareOath(graph, signal),
  ])
  const body = policy.body as AuthenticationMethodsPolicy
  const found = new Map<PolicyMethod, MethodConfiguration>()
  for (const configuration of [...(body.authenticationMethodConfigurations ?? []), ...hardware]) {
    const read = configurationOf(configuration)
    if (read !== undefined) found.set(read.method, read)
  }
  return {
    migrationState: body.policyMigrationState ?? undefined,
    configurations: POLICY_METHODS.map(
      (method) => found.get(method) ?? {method, enabled: false, include: [], exclude: []},
    ),
  }
}

async function hardwareOath(
  graph: Graph,
  signal: AbortSignal,
): Promise<readonly AuthenticationMethodConfiguration[]> {
  try {
    const path = `${POLICY_PATH}/authenticationMethodConfigurations/hardwareOath`
    const answer = await graph.read({method: 'GET', version: 'beta', path}, signal)
    return [answer.body as AuthenticationMethodConfiguration]
  } catch (error) {
    if (error instanceof GraphError && (error.status === 404 || error.status === 400)) return []
    throw error
  }
}

type AnyConfiguration = AuthenticationMethodConfiguration &
  Pick<MicrosoftAuthenticatorAuthenticationMethodConfiguration, 'isSoftwareOathEnabled'> &
  Pick<VoiceAuthenticationMethodConfiguration, 'isOfficePhoneAllowed'> & {
    readonly includeTargets?: readonly SmsAuthenticationMethodTarget[] | null
  }

function configurationOf(value: AuthenticationMethodConfiguration): MethodConfiguration | undefined {
  const configuration = value as AnyConfiguration
  const name = configuration.id?.toLowerCase()
  const method = POLICY_METHODS.find((known) => known.toLowerCase() === name)
  if (method === undefined) return undefined
  return {
    method,
    enabled: configuration.state === 'enabled',
    include: (configuration.includeTargets ?? []).flatMap((target) =>
      target.id ? [{id: target.id, isUsableForSignIn: target.isUsableForSignIn ?? undefined}] : [],
    ),
    exclude: (configuration.excludeTargets ?? []).flatMap((target) => (target.id ? [target.id] : [])),
    isOfficePhoneAllowed: configuration.isOfficePhoneAllowed ?? undefined,
    isSoftwareOathEnabled: configuration.isSoftwareOathEnabled ?? undefined,
  }
}
