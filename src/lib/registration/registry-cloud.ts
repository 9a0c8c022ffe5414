import {MfaError} from '../errors/mfa-error.js'
import type {CloudName} from '../model/cloud.js'
import {PHONEFACTOR_KEYS, registryValue, type RegistryExport} from '../model/registry-export.js'

/** Hosts as the old set-up script of the migration utility left them in the registry. */
const GRAPH_HOSTS: Readonly<Record<string, CloudName>> = {
  'graph.microsoft.com': 'global',
  'graph.windows.net': 'global',
  'graph.microsoft.us': 'usgov',
  'dod-graph.microsoft.us': 'usgovdod',
  'microsoftgraph.chinacloudapi.cn': 'china',
}
/** Both US government clouds sign in at the same place. */
const STS_HOSTS: Readonly<Record<string, readonly CloudName[]>> = {
  'login.microsoftonline.com': ['global'],
  'login.windows.net': ['global'],
  'sts.windows.net': ['global'],
  'login.microsoftonline.us': ['usgov', 'usgovdod'],
  'login.chinacloudapi.cn': ['china'],
  'login.partner.microsoftonline.cn': ['china'],
}

/**
 * The cloud that `StsUrl` and `GraphUrl` of MFA Server's registry key tell; undefined where neither is there.
 * Throws MfaError `data` for an address of no known cloud, or for two that contradict each other.
 */
export function cloudOfRegistry(found: RegistryExport, file: string): CloudName | undefined {
  const graphUrl = textOf(found, 'GraphUrl')
  const stsUrl = textOf(found, 'StsUrl')
  const byGraph = graphUrl === undefined ? undefined : GRAPH_HOSTS[hostOf(graphUrl)]
  const bySts = stsUrl === undefined ? undefined : STS_HOSTS[hostOf(stsUrl)]
  if (graphUrl !== undefined && byGraph === undefined) throw unknown(file, 'GraphUrl', graphUrl)
  if (stsUrl !== undefined && bySts === undefined) throw unknown(file, 'StsUrl', stsUrl)
  if (byGraph !== undefined && bySts !== undefined && !bySts.includes(byGraph))
    throw new MfaError('REGISTRY_CLOUD', `${file}: GraphUrl is of the cloud "${byGraph}", StsUrl is not`, {
      exit: 'data',
      fix: 'Name the cloud instead: --cloud global, usgov, usgovdod or china.',
    })
  return byGraph ?? bySts?.[0]
}

function textOf(found: RegistryExport, name: string): string | undefined {
  for (const key of PHONEFACTOR_KEYS) {
    const value = registryValue(found, key, name)
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return undefined
}

function hostOf(address: string): string {
  return (URL.parse(address) ?? URL.parse(`https://${address}`))?.hostname.toLowerCase() ?? ''
}

function unknown(file: string, name: string, address: string): MfaError {
  return new MfaError(
    'REGISTRY_CLOUD',
    `${file}: ${name} "${address.slice(0, 80)}" belongs to no known cloud`,
    {
      exit: 'data',
      fix: 'Name the cloud instead: --cloud global, usgov, usgovdod or china.',
    },
  )
}
