import type {Organization} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../errors/mfa-error.js'
import type {Directory} from '../ports/directory.js'
import {everyone, findGroup, members} from './groups.js'
import {tokensBySerial} from './inventory.js'
import {betaOnly, readMethods} from './methods-reader.js'
import {readMethodsPolicy} from './policy.js'
import type {Graph} from './transport/graph.js'
import {findUser, usersBySamAccountName} from './users.js'

export interface DirectoryOptions {
  /** Told once each: what this cloud's Graph does not have. */
  readonly warn?: ((text: string) => void) | undefined
}

/** Reads Microsoft Entra through Graph. Everything that it throws is an MfaError, or the signal's reason. */
export function createDirectory(graph: Graph, options: DirectoryOptions = {}): Directory {
  const warn = onceEach(options.warn ?? (() => {}))
  return {
    tenantId: (signal) => tenantId(graph, signal),
    findGroup: (nameOrId, signal) => findGroup(graph, nameOrId, signal),
    members: (group, signal) => members(graph, group, signal),
    everyone: (signal) => everyone(graph, signal),
    findUser: (upnOrId, signal) => findUser(graph, upnOrId, signal),
    usersBySamAccountName: (names, signal) => usersBySamAccountName(graph, names, signal),
    methods: (users, signal) => readMethods(graph, users, signal, warn),
    tokens: (serials, signal) =>
      betaOnly('an inventory of hardware OATH tokens', new Map(), warn, () =>
        tokensBySerial(graph, serials, signal),
      ),
    methodsPolicy: (signal) => readMethodsPolicy(graph, signal),
  }
}

async function tenantId(graph: Graph, signal: AbortSignal): Promise<string> {
  const request = {method: 'GET', version: 'v1.0', path: '/organization', query: {$select: 'id'}} as const
  for await (const page of graph.pages(request, signal)) {
    const id = (page[0] as Organization | undefined)?.id
    if (id) return id
  }
  throw new MfaError('TENANT_UNKNOWN', 'Microsoft Graph does not say which tenant answers', {
    exit: 'unavailable',
    fix: 'Check MFA_GRAPH_URL and --tenant; then run the same command again.',
  })
}

function onceEach(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>()
  return (text) => {
    if (told.has(text)) return
    told.add(text)
    tell(text)
  }
}
