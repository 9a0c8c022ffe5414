import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {badRequest, notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {pageOf, project} from '../query/page.js'
import type {MethodConfiguration} from '../tenant-file.js'
import {
  BETA_ONLY_CONFIGURATION,
  CONFIGURATION_TYPES,
  configurationName,
  readConfiguration,
  readPolicy,
  writeConfiguration,
  writePolicy,
} from './policy-store.js'

const POLICY_TYPE: EntityType = {
  name: 'microsoft.graph.authenticationMethodsPolicy',
  properties: new Set([
    'id',
    'displayName',
    'description',
    'lastModifiedDateTime',
    'policyVersion',
    'policyMigrationState',
    'reconfirmationInDays',
    'registrationEnforcement',
    'authenticationMethodConfigurations',
  ]),
  filter: {},
}

const CONFIGURATION_TYPE: EntityType = {
  name: 'microsoft.graph.authenticationMethodConfiguration',
  properties: new Set(['id', 'state', 'includeTargets', 'excludeTargets']),
  filter: {},
}

const CONTEXT = 'policies/authenticationMethodsPolicy'

const target = z.strictObject({
  targetType: z.enum(['group', 'user']),
  id: z.string().min(1),
  isRegistrationRequired: z.boolean().optional(),
  isUsableForSignIn: z.boolean().optional(),
  authenticationMode: z.enum(['deviceBasedPush', 'push', 'any']).optional(),
  '@odata.type': z.string().optional(),
})

const configurationBody = z.looseObject({
  id: z.string().optional(),
  state: z.enum(['enabled', 'disabled']).optional(),
  includeTargets: z.array(target).optional(),
  excludeTargets: z.array(target.pick({targetType: true, id: true, '@odata.type': true})).optional(),
  '@odata.type': z.string().optional(),
})

const campaignTarget = z.strictObject({
  id: z.string().min(1),
  targetType: z.enum(['group', 'user']),
  '@odata.type': z.string().optional(),
})

const registrationEnforcement = z.strictObject({
  authenticationMethodsRegistrationCampaign: z
    .strictObject({
      state: z.enum(['default', 'enabled', 'disabled']),
      snoozeDurationInDays: z.int().min(0).max(14).optional(),
      includeTargets: z
        .array(campaignTarget.extend({targetedAuthenticationMethod: z.string().nullable().optional()}))
        .optional(),
      excludeTargets: z.array(campaignTarget).optional(),
      '@odata.type': z.string().optional(),
    })
    .nullable()
    .optional(),
  '@odata.type': z.string().optional(),
})

/** As in a tenant where nobody touched it: Microsoft decides. */
const UNTOUCHED_CAMPAIGN = {
  authenticationMethodsRegistrationCampaign: {
    snoozeDurationInDays: 1,
    state: 'default',
    excludeTargets: [],
    includeTargets: [
      {id: 'all_users', targetType: 'group', targetedAuthenticationMethod: 'microsoftAuthenticator'},
    ],
  },
}

const policyBody = z.strictObject({
  '@odata.type': z.string().optional(),
  displayName: z.string().nullable().optional(),
  description: z.string().nullable().optional(),
  policyMigrationState: z.enum(['preMigration', 'migrationInProgress', 'migrationComplete']).optional(),
  reconfirmationInDays: z.int().nullable().optional(),
  registrationEnforcement: registrationEnforcement.nullable().optional(),
})

export function getPolicy(call: Call): Answer {
  const select = readSelect(call, POLICY_TYPE)
  const policy = {
    id: 'authenticationMethodsPolicy',
    displayName: 'Authentication Methods Policy',
    description: 'The tenant-wide policy that controls which authentication methods are allowed.',
    lastModifiedDateTime: call.store.meta('created') ?? null,
    policyVersion: '1.5',
    registrationEnforcement: UNTOUCHED_CAMPAIGN,
    ...readPolicy(call.store),
    authenticationMethodConfigurations: configurations(call),
  }
  return entity(call, CONTEXT, project(policy, select))
}

export function updatePolicy(call: Call): Answer {
  readNothing(call)
  const body = readBody(call, policyBody, badRequest)
  const {'@odata.type': _type, ...changes} = body
  if (Object.keys(changes).length === 0) throw badRequest('nothing to update')
  writePolicy(call.store, {
    ...readPolicy(call.store),
    ...changes,
    lastModifiedDateTime: call.now.toISOString(),
  })
  return NO_CONTENT
}

export function listConfigurations(call: Call): Answer {
  const options = readOptions(call, CONFIGURATION_TYPE, {directory: false})
  return pageOf(call, options, `${CONTEXT}/authenticationMethodConfigurations`, configurations(call))
}

export function getConfiguration(call: Call): Answer {
  const found = configurationOf(call)
  const select = readSelect(call, {...CONFIGURATION_TYPE, properties: new Set(Object.keys(found))})
  return entity(call, `${CONTEXT}/authenticationMethodConfigurations`, project(found, select))
}

/** PATCH: only the properties that this kind of configuration has. */
export function updateConfiguration(call: Call): Answer {
  readNothing(call)
  const before = configurationOf(call)
  const {'@odata.type': type, id: _id, ...changes} = readBody(call, configurationBody, badRequest)
  if (type !== undefined && type !== before['@odata.type'])
    throw badRequest(`This configuration is not a ${type}.`)
  const unknown = Object.keys(changes).find((name) => !Object.hasOwn(before, name))
  if (unknown !== undefined)
    throw badRequest(`The property '${unknown}' does not exist on this configuration.`)
  const wrong = Object.entries(changes).find(([name, value]) => typeof value !== typeof before[name])
  if (wrong !== undefined) throw badRequest(`The property '${wrong[0]}' has a value of the wrong type.`)
  writeConfiguration(call.store, {...before, ...(changes as Partial<MethodConfiguration>)})
  return NO_CONTENT
}

function configurations(call: Call): MethodConfiguration[] {
  return Object.keys(CONFIGURATION_TYPES)
    .filter((id) => call.version === 'beta' || id !== BETA_ONLY_CONFIGURATION)
    .flatMap((id) => readConfiguration(call.store, id) ?? [])
}

function configurationOf(call: Call): MethodConfiguration {
  const id = param(call, 'configuration')
  const name = configurationName(id)
  const hidden = call.version === 'v1.0' && name === BETA_ONLY_CONFIGURATION
  const found = name === undefined || hidden ? undefined : readConfiguration(call.store, name)
  if (found === undefined) throw notFound(id)
  return found
}
