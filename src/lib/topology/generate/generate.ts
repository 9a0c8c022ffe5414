import type {TopologyFile} from '../../model/topology.js'
import type {CloudHosts} from '../finding.js'
import {firewall} from './firewall.js'
import type {GeneratedFile} from './generated.js'
import {haproxy} from './haproxy.js'
import {mermaid} from './mermaid.js'
import {nginx} from './nginx.js'
import {powershell, registry} from './windows.js'

export const FORMATS = ['haproxy', 'nginx', 'registry', 'powershell', 'firewall', 'mermaid'] as const
export type Format = (typeof FORMATS)[number]

/** Configuration out of a topology, as text; the same topology always gives the same text. Throws MfaError `data`. */
export function generate(file: TopologyFile, format: Format, hosts: CloudHosts): readonly GeneratedFile[] {
  switch (format) {
    case 'haproxy':
      return haproxy(file)
    case 'nginx':
      return nginx(file)
    case 'registry':
      return registry(file)
    case 'powershell':
      return powershell(file, hosts)
    case 'firewall':
      return firewall(file.topology, hosts)
    case 'mermaid':
      return mermaid(file.topology)
    default:
      return format satisfies never
  }
}
