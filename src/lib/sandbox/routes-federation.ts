import {MAY} from './permissions.js'
import * as domains from './resources/domains.js'
import * as federation from './resources/federation.js'
import type {Route} from './router.js'

const CONFIGURATIONS = '/domains/{domain}/federationConfiguration'
const ONE = `${CONFIGURATIONS}/{configuration}`

/** Of persons, by Graph's page of each operation; the hybrid role is the one that Microsoft's own guides name. */
const MAY_CHANGE = [
  'Hybrid Identity Administrator',
  'Domain Name Administrator',
  'External Identity Provider Administrator',
  'Security Administrator',
]
const MAY_DELETE = ['External Identity Provider Administrator', 'Security Administrator']

const {readDomains, listFederation, readFederation, writeFederation} = MAY

/** Domains and how they are federated, in v1.0 and in beta. */
export const FEDERATION_ROUTES: readonly Route[] = [
  {method: 'GET', template: '/domains', handler: domains.listDomains, permissions: readDomains},
  {method: 'GET', template: '/domains/{domain}', handler: domains.getDomain, permissions: readDomains},
  {
    method: 'GET',
    template: CONFIGURATIONS,
    handler: federation.listConfigurations,
    permissions: listFederation,
  },
  {
    method: 'POST',
    template: CONFIGURATIONS,
    handler: federation.createConfiguration,
    permissions: writeFederation,
    directoryRoles: MAY_CHANGE,
  },
  {method: 'GET', template: ONE, handler: federation.getConfiguration, permissions: readFederation},
  {
    method: 'PATCH',
    template: ONE,
    handler: federation.updateConfiguration,
    permissions: writeFederation,
    directoryRoles: MAY_CHANGE,
  },
  {
    method: 'DELETE',
    template: ONE,
    handler: federation.deleteConfiguration,
    permissions: writeFederation,
    directoryRoles: MAY_DELETE,
  },
]
