import type {Domain} from '@microsoft/microsoft-graph-types'

import type {Answer, Call} from '../call.js'
import {entity, param} from '../call.js'
import {domainName, domainNames, federationOf} from '../domain-store.js'
import {notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readOptions, readSelect} from '../query/options.js'
import {pageOf, project} from '../query/page.js'

const DOMAIN_TYPE: EntityType = {
  name: 'microsoft.graph.domain',
  properties: new Set([
    'id',
    'authenticationType',
    'availabilityStatus',
    'isAdminManaged',
    'isDefault',
    'isInitial',
    'isRoot',
    'isVerified',
    'supportedServices',
    'passwordNotificationWindowInDays',
    'passwordValidityPeriodInDays',
    'state',
  ]),
  filter: {},
}

export function listDomains(call: Call): Answer {
  const options = readOptions(call, DOMAIN_TYPE, {directory: false})
  const all = domainNames(call.store).map((name, index) => toDomain(call, name, index))
  return pageOf(call, options, 'domains', all)
}

export function getDomain(call: Call): Answer {
  const select = readSelect(call, DOMAIN_TYPE)
  const name = domainOf(call)
  return entity(call, 'domains', project(toDomain(call, name, domainNames(call.store).indexOf(name)), select))
}

/** The domain of the path, as the tenant spells it. Throws GraphFault 404. */
export function domainOf(call: Call): string {
  const asked = param(call, 'domain')
  const name = domainName(call.store, asked)
  if (name === undefined) throw notFound(asked)
  return name
}

function toDomain({store, seenAt}: Call, name: string, index: number): Domain {
  return {
    id: name,
    authenticationType: federationOf(store, name, seenAt) === undefined ? 'Managed' : 'Federated',
    availabilityStatus: null,
    isAdminManaged: true,
    isDefault: index === 0,
    isInitial: name.endsWith('.onmicrosoft.com'),
    isRoot: true,
    isVerified: true,
    supportedServices: ['Email', 'OfficeCommunicationsOnline'],
    passwordNotificationWindowInDays: null,
    passwordValidityPeriodInDays: null,
    state: null,
  }
}
