import {readFileSync} from 'node:fs'
import {join} from 'node:path'

import {describe, expect, it} from 'vitest'

import {covers, neededFor, type Feature} from '../../src/lib/registration/features.js'
import type {PermissionKind} from '../../src/lib/ports/app-registration.js'
import {SKIP_REASON} from './graph-description.js'

const folder = process.env['MFA_GRAPH_DESCRIPTION']
const USER = '/users/{user-id}/authentication'
const ROLLOUT = '/policies/featureRolloutPolicies'
const DEVICES = '/directory/authenticationMethodDevices/hardwareOathDevices'
const FEDERATION = '/domains/{domain-id}/federationConfiguration'

/** What the commands of a feature ask of Graph: version, method, path. */
const MIGRATE = [
  ['v1.0', 'get', '/users/{user-id}'],
  ['v1.0', 'get', '/users'],
  ['v1.0', 'get', '/groups'],
  ['v1.0', 'get', '/groups/{group-id}'],
  ['v1.0', 'get', '/groups/{group-id}/transitiveMembers/microsoft.graph.user'],
  ['v1.0', 'get', '/organization'],
  ['v1.0', 'get', `${USER}/methods`],
  ['v1.0', 'get', `${USER}/phoneMethods`],
  ['v1.0', 'post', `${USER}/phoneMethods`],
  ['v1.0', 'patch', `${USER}/phoneMethods/{phoneAuthenticationMethod-id}`],
  ['v1.0', 'delete', `${USER}/phoneMethods/{phoneAuthenticationMethod-id}`],
  ['v1.0', 'post', `${USER}/phoneMethods/{phoneAuthenticationMethod-id}/disableSmsSignIn`],
  ['beta', 'get', `${USER}/hardwareOathMethods`],
  ['beta', 'post', `${USER}/hardwareOathMethods`],
  ['beta', 'delete', `${USER}/hardwareOathMethods/{hardwareOathAuthenticationMethod-id}`],
  ['beta', 'post', `${USER}/hardwareOathMethods/{hardwareOathAuthenticationMethod-id}/activate`],
  ['beta', 'post', `${USER}/hardwareOathMethods/{hardwareOathAuthenticationMethod-id}/deactivate`],
  ['beta', 'get', `${USER}/signInPreferences`],
  ['beta', 'patch', `${USER}/signInPreferences`],
  ['beta', 'get', DEVICES],
  ['beta', 'post', DEVICES],
  ['beta', 'delete', `${DEVICES}/{hardwareOathTokenAuthenticationMethodDevice-id}`],
  ['v1.0', 'get', '/policies/authenticationMethodsPolicy'],
] as const
type Operation = readonly [version: 'v1.0' | 'beta', method: string, path: string, by?: PermissionKind]

const OPERATIONS: Readonly<Record<Feature, readonly Operation[]>> = {
  migrate: MIGRATE,
  sync: MIGRATE,
  federation: [
    ['v1.0', 'get', '/domains'],
    ['v1.0', 'get', FEDERATION],
    ['v1.0', 'patch', `${FEDERATION}/{internalDomainFederation-id}`],
  ],
  audit: [['v1.0', 'get', '/auditLogs/directoryAudits']],
  rollout: [
    ['v1.0', 'get', ROLLOUT],
    ['v1.0', 'post', ROLLOUT],
    ['v1.0', 'get', `${ROLLOUT}/{featureRolloutPolicy-id}`],
    ['v1.0', 'patch', `${ROLLOUT}/{featureRolloutPolicy-id}`],
    ['v1.0', 'delete', `${ROLLOUT}/{featureRolloutPolicy-id}`],
    ['v1.0', 'get', `${ROLLOUT}/{featureRolloutPolicy-id}/appliesTo`],
    ['v1.0', 'post', `${ROLLOUT}/{featureRolloutPolicy-id}/appliesTo/$ref`],
    ['v1.0', 'delete', `${ROLLOUT}/{featureRolloutPolicy-id}/appliesTo/{directoryObject-id}/$ref`],
    ['v1.0', 'get', '/groups/{group-id}'],
    ['v1.0', 'get', `${USER}/methods`],
    // Waves go on while nobody is signed in.
    ['v1.0', 'post', '/groups', 'application'],
    ['v1.0', 'post', '/groups/{group-id}/members/$ref', 'application'],
    ['v1.0', 'get', '/groups', 'application'],
    ['v1.0', 'get', '/groups/{group-id}/transitiveMembers/microsoft.graph.user', 'application'],
    ['v1.0', 'get', '/users/{user-id}', 'application'],
    ['v1.0', 'get', `${USER}/methods`, 'application'],
    ['beta', 'get', DEVICES, 'application'],
    ['v1.0', 'get', '/policies/authenticationMethodsPolicy', 'application'],
  ],
  readiness: [
    ['v1.0', 'get', '/users/{user-id}'],
    ['v1.0', 'get', '/groups/{group-id}/transitiveMembers/microsoft.graph.user'],
    ['v1.0', 'get', `${USER}/methods`],
    ['v1.0', 'get', `${USER}/fido2Methods`],
    ['beta', 'get', DEVICES],
    ['v1.0', 'get', '/policies/authenticationMethodsPolicy'],
    [
      'v1.0',
      'get',
      '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{authenticationMethodConfiguration-id}',
    ],
  ],
}

const kindOf = (feature: Feature): PermissionKind => (feature === 'rollout' ? 'delegated' : 'application')

interface Permissions {
  readonly least?: readonly string[]
  readonly other?: readonly string[]
}
interface Description {
  readonly paths: Readonly<
    Record<
      string,
      Record<
        string,
        {
          readonly 'x-graph-permissions'?: {
            readonly application: Permissions | null
            readonly delegatedWork: Permissions | null
          }
        }
      >
    >
  >
}
const descriptions = new Map<string, Description>()
function described(version: string): Description {
  const known = descriptions.get(version)
  if (known !== undefined) return known
  const file = join(folder ?? '', `openapi-${version}-subset.json`)
  const read = JSON.parse(readFileSync(file, 'utf8')) as Description
  descriptions.set(version, read)
  return read
}

describe.skipIf(folder === undefined || folder === '')(
  `permissions of features and Graph's published data${folder === undefined ? ` ${SKIP_REASON}` : ''}`,
  () => {
    const cases = Object.entries(OPERATIONS).flatMap(([feature, operations]) =>
      operations.map(([version, method, path, by]) => {
        const kind = by ?? kindOf(feature as Feature)
        return {feature: feature as Feature, version, method, path, kind}
      }),
    )

    it.each(cases)(
      '$feature may $method $version $path ($kind)',
      ({feature, version, method, path, kind}) => {
        const published = described(version).paths[path]?.[method]?.['x-graph-permissions']
        expect(published, 'not described').toBeDefined()
        const list = kind === 'delegated' ? published?.delegatedWork : published?.application
        const opens = [...(list?.least ?? []), ...(list?.other ?? [])]
        const held = neededFor([feature])
          .filter((each) => each.kind === kind)
          .map(({permission}) => permission)
        const fits = held.filter((each) => opens.some((other) => covers(each, other)))
        expect(fits, `one of ${opens.join(', ')}`).not.toEqual([])
      },
    )

    it.each(Object.keys(OPERATIONS) as Feature[])('%s asks for nothing that it has no use for', (feature) => {
      const idle = neededFor([feature])
        .filter(({permission: held, kind}) =>
          OPERATIONS[feature].every(([version, method, path, by]) => {
            if ((by ?? kindOf(feature)) !== kind) return true
            const published = described(version).paths[path]?.[method]?.['x-graph-permissions']
            const list = kind === 'delegated' ? published?.delegatedWork : published?.application
            return ![...(list?.least ?? []), ...(list?.other ?? [])].some((other) => covers(held, other))
          }),
        )
        .map(({permission}) => permission)
      expect(idle).toEqual([])
    })
  },
)
