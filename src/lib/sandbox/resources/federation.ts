import {randomUUID} from 'node:crypto'

import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {
  BEHAVIORS,
  endFederation,
  federationOf,
  putFederation,
  type StoredFederation,
} from '../domain-store.js'
import {badRequest, notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {pageOf, project} from '../query/page.js'
import {domainOf} from './domains.js'

const text = z.string().nullable().optional()

/** What may be sent; the other properties are the service's own. */
const settings = {
  '@odata.type': z.string().optional(),
  displayName: text,
  issuerUri: text,
  metadataExchangeUri: text,
  signingCertificate: text,
  passiveSignInUri: text,
  preferredAuthenticationProtocol: z.enum(['wsFed', 'saml']).nullable().optional(),
  activeSignInUri: text,
  signOutUri: text,
  promptLoginBehavior: z
    .enum(['translateToFreshPasswordAuthentication', 'nativeSupport', 'disabled'])
    .nullable()
    .optional(),
  isSignedAuthenticationRequestRequired: z.boolean().nullable().optional(),
  nextSigningCertificate: text,
  passwordResetUri: text,
  federatedIdpMfaBehavior: z.enum(BEHAVIORS).nullable().optional(),
}
const updateBody = z
  .strictObject(settings)
  .refine((body) => Object.keys(body).some((name) => !name.startsWith('@')), 'nothing to update')
const createBody = z.strictObject({...settings, issuerUri: z.string().min(1)})

const FEDERATION_TYPE: EntityType = {
  name: 'microsoft.graph.internalDomainFederation',
  properties: new Set(['id', 'signingCertificateUpdateStatus', ...Object.keys(settings).slice(1)]),
  filter: {},
}

/** A collection with one entry; none where the domain is managed. */
export function listConfigurations(call: Call): Answer {
  const domain = domainOf(call)
  const options = readOptions(call, FEDERATION_TYPE, {directory: false})
  const found = federationOf(call.store, domain, call.seenAt)
  return pageOf(call, options, contextOf(domain), found === undefined ? [] : [shown(found)])
}

export function getConfiguration(call: Call): Answer {
  const select = readSelect(call, FEDERATION_TYPE)
  const domain = domainOf(call)
  return entity(call, contextOf(domain), project(shown(configurationOf(call, domain, call.seenAt)), select))
}

/** POST: a managed domain becomes a federated one. 201. What a second one meets is not documented: 400 here. */
export function createConfiguration(call: Call): Answer {
  readNothing(call)
  const domain = domainOf(call)
  const {'@odata.type': _type, ...given} = readBody(call, createBody, badRequest)
  if (federationOf(call.store, domain) !== undefined)
    throw badRequest(`The domain '${domain}' already has a federation configuration.`)
  const made = {...EMPTY, ...given, id: randomUUID()} as StoredFederation
  putFederation(call.store, domain, made, call.moment)
  return entity(call, contextOf(domain), shown(made), 201)
}

/** PATCH: 200 with the object, or 204 where the caller wants no more. A behaviour that was set stays set: no null. */
export function updateConfiguration(call: Call): Answer {
  readNothing(call)
  const domain = domainOf(call)
  const before = configurationOf(call, domain)
  const {'@odata.type': _type, ...changes} = readBody(call, updateBody, badRequest)
  if (changes.federatedIdpMfaBehavior === null && before.federatedIdpMfaBehavior !== null)
    throw badRequest("Invalid value specified for property 'federatedIdpMfaBehavior' of resource 'Domain'.")
  const after = {...before, ...changes} as StoredFederation
  putFederation(call.store, domain, after, call.moment)
  if (/\breturn=minimal\b/i.test(call.headers['prefer'] ?? '')) return NO_CONTENT
  return entity(call, contextOf(domain), shown(after))
}

/** DELETE: the domain is managed from then on. 204. */
export function deleteConfiguration(call: Call): Answer {
  readNothing(call)
  const domain = domainOf(call)
  configurationOf(call, domain)
  endFederation(call.store, domain, call.moment)
  return NO_CONTENT
}

function configurationOf(call: Call, domain: string, seenAt?: number): StoredFederation {
  const id = param(call, 'configuration')
  const found = federationOf(call.store, domain, seenAt)
  if (found === undefined || found.id.toLowerCase() !== id.toLowerCase()) throw notFound(id)
  return found
}

function shown({supportsMfa: _flag, ...configuration}: StoredFederation): object {
  return configuration
}

const contextOf = (domain: string): string => `domains('${domain}')/federationConfiguration`

const EMPTY: StoredFederation = {
  id: '',
  displayName: null,
  issuerUri: null,
  metadataExchangeUri: null,
  signingCertificate: null,
  passiveSignInUri: null,
  preferredAuthenticationProtocol: null,
  activeSignInUri: null,
  signOutUri: null,
  promptLoginBehavior: null,
  isSignedAuthenticationRequestRequired: null,
  nextSigningCertificate: null,
  signingCertificateUpdateStatus: null,
  passwordResetUri: null,
  federatedIdpMfaBehavior: null,
}
