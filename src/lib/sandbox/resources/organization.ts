import type {Organization} from '@microsoft/microsoft-graph-types'

import type {Answer, Call} from '../call.js'
import {entity, param} from '../call.js'
import {domainNames, federationOf} from '../domain-store.js'
import {notFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readOptions, readSelect} from '../query/options.js'
import {pageOf, project} from '../query/page.js'

const ORGANIZATION_TYPE: EntityType = {
  name: 'microsoft.graph.organization',
  properties: new Set([
    'id',
    'displayName',
    'tenantType',
    'verifiedDomains',
    'createdDateTime',
    'onPremisesSyncEnabled',
  ]),
  filter: {},
}

export function listOrganization(call: Call): Answer {
  const options = readOptions(call, ORGANIZATION_TYPE, {directory: false})
  return pageOf(call, options, 'organization', [organization(call)])
}

export function getOrganization(call: Call): Answer {
  const select = readSelect(call, ORGANIZATION_TYPE)
  const found = organization(call)
  if (found.id !== param(call, 'organization').toLowerCase()) throw notFound(param(call, 'organization'))
  return entity(call, 'organization', project(found, select))
}

function organization({store}: Call): Organization {
  return {
    id: (store.meta('tenantId') ?? '').toLowerCase(),
    displayName: store.meta('displayName') ?? '',
    tenantType: 'AAD',
    createdDateTime: store.meta('created') ?? null,
    onPremisesSyncEnabled: true,
    verifiedDomains: domainNames(store).map((name, index) => ({
      name,
      capabilities: 'Email, OfficeCommunicationsOnline',
      isDefault: index === 0,
      isInitial: name.endsWith('.onmicrosoft.com'),
      type: federationOf(store, name) === undefined ? 'Managed' : 'Federated',
    })),
  }
}
