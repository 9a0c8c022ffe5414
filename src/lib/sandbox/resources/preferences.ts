import type {StrongAuthenticationRequirements, SignInPreferences} from '@microsoft/microsoft-graph-types-beta'
import {z} from 'zod'

import {DEFAULT_METHODS} from '../../model/entra-user.js'
import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {contextUrl, NO_CONTENT, ok} from '../call.js'
import {factOf, putFact} from '../facts.js'
import {badRequest, methodRefused} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readNothing, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import {canServe, NO_PREFERENCES, ONLY, preferencesOf, putPreferences} from './method-changes.js'
import type {StoredPreferences} from './method-changes.js'
import {userOf} from './users.js'

const PREFERENCES_TYPE: EntityType = {
  name: 'microsoft.graph.signInPreferences',
  properties: new Set([
    'isSystemPreferredAuthenticationMethodEnabled',
    'userPreferredMethodForSecondaryAuthentication',
  ]),
  filter: {},
}

const REQUIREMENTS_TYPE: EntityType = {
  name: 'microsoft.graph.strongAuthenticationRequirements',
  properties: new Set(['perUserMfaState']),
  filter: {},
}

const preferencesBody = z
  .strictObject({
    '@odata.type': z.string().optional(),
    isSystemPreferredAuthenticationMethodEnabled: z.boolean().nullable().optional(),
    userPreferredMethodForSecondaryAuthentication: z.enum(DEFAULT_METHODS).nullable().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'nothing to update')

const requirementsBody = z.strictObject({
  '@odata.type': z.string().optional(),
  perUserMfaState: z.enum(['disabled', 'enabled', 'enforced']),
})

export function getPreferences(call: Call): Answer {
  const {seq} = userOf(call)
  const select = readSelect(call, PREFERENCES_TYPE)
  const stored =
    factOf<StoredPreferences>(call.store, seq, 'preferences', ONLY, call.seenAt) ?? NO_PREFERENCES
  const preferences: SignInPreferences = {...stored}
  return ok({
    '@odata.context': contextUrl(
      call,
      `users('${call.params['user'] ?? ''}')/authentication/signInPreferences`,
    ),
    ...project(preferences, select),
  })
}

/** PATCH: a default needs a method that can serve. 204. */
export function updatePreferences(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const body = readBody(call, preferencesBody, methodRefused)
  const before = preferencesOf(call, seq)
  const preferred = body.userPreferredMethodForSecondaryAuthentication
  if (preferred !== undefined && preferred !== null && !canServe(call, seq, preferred)) {
    throw methodRefused(`The user has no method that can serve as ${preferred}.`)
  }
  putPreferences(call, seq, {
    isSystemPreferredAuthenticationMethodEnabled:
      body.isSystemPreferredAuthenticationMethodEnabled ??
      before.isSystemPreferredAuthenticationMethodEnabled,
    userPreferredMethodForSecondaryAuthentication:
      preferred === undefined ? before.userPreferredMethodForSecondaryAuthentication : preferred,
  })
  return NO_CONTENT
}

export function getRequirements(call: Call): Answer {
  const {seq} = userOf(call)
  const select = readSelect(call, REQUIREMENTS_TYPE)
  const stored = factOf<StrongAuthenticationRequirements>(call.store, seq, 'requirements', ONLY, call.seenAt)
  const requirements: StrongAuthenticationRequirements = stored ?? {perUserMfaState: 'disabled'}
  return ok({
    '@odata.context': contextUrl(call, `users('${call.params['user'] ?? ''}')/authentication/requirements`),
    ...project(requirements, select),
  })
}

export function updateRequirements(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const {perUserMfaState} = readBody(call, requirementsBody, badRequest)
  putFact(call.store, seq, {kind: 'requirements', id: ONLY, body: {perUserMfaState}}, call.moment)
  return NO_CONTENT
}
