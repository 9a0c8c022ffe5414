import type {Topology} from '../../model/topology.js'
import {carrying, listed, machines} from '../look.js'
import {stickiness} from './balancing.js'
import {type GeneratedFile, unixText} from './generated.js'

/** A flowchart for Mermaid, which code hosts and wikis draw. */
export function mermaid(topology: Topology): readonly GeneratedFile[] {
  const ids = new Map(
    [...machines(topology), ...topology.balancedNames].map(({name}, index) => [name, `n${index}`]),
  )
  const id = (name: string): string => ids.get(name) ?? 'n'
  const box = (name: string, ...lines: readonly string[]) =>
    `    ${id(name)}["${[name, ...lines].join('<br/>')}"]`
  const group = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`  subgraph ${title}`, ...lines, '  end']
  const {servers, webServers, proxies, adfs, balancedNames, radius, migration} = topology
  const primary = servers.find(({role}) => role === 'primary')
  const lines = [
    'flowchart TB',
    ...(balancedNames.some(({internet}) => internet) ? ['  internet(("internet"))'] : []),
    ...(radius?.clients ?? []).map(({name}, index) => `  c${index}(["${name}<br/>RADIUS client"])`),
    ...balancedNames.map((one) => {
      const {sticky} = stickiness(topology, one)
      const udp = one.services.includes('radius') ? 'UDP' : 'TCP'
      return `  ${id(one.name)}{{"${one.host}<br/>${listed(one.services)}<br/>${udp} ${one.port}, ${sticky === 'none' ? 'stateless' : `sticky by ${sticky}`}"}}`
    }),
    ...group(
      'perimeter["perimeter network"]',
      proxies.map(({name}) => box(name, 'proxy')),
    ),
    ...group(
      'web["portal and mobile app servers"]',
      webServers.map(({name, components}) => box(name, ...components)),
    ),
    ...group(
      'farm["AD FS farm"]',
      (adfs?.servers ?? []).map(({name}) => box(name, 'AD FS')),
    ),
    ...group(
      'mfa["MFA servers"]',
      servers.map(({name, role, components}) =>
        box(name, name === migration?.server ? 'migration and sync only' : role, ...components),
      ),
    ),
    ...balancedNames.flatMap((one) =>
      one.members.map(
        (member) =>
          `  ${id(one.name)} ${one.outOfRotation.includes(member) ? '-.->|out|' : '-->'} ${id(member)}`,
      ),
    ),
    ...balancedNames.flatMap((one) => {
      if (one.publishedThrough.length > 0)
        return one.publishedThrough.map((proxy) => `  ${id(proxy)} --> ${id(one.name)}`)
      return one.internet ? [`  internet --> ${id(one.name)}`] : []
    }),
    ...webServers.flatMap(({name, usesSdk}) =>
      usesSdk === undefined ? [] : [`  ${id(name)} --> ${id(usesSdk)}`],
    ),
    ...(adfs?.servers ?? []).flatMap(({name, sdkUrl}) => {
      const target = carrying(topology, 'web-service-sdk').find(
        ({one}) => sdkUrl !== undefined && new URL(sdkUrl).hostname === one.host.toLowerCase(),
      )
      return target === undefined ? [] : [`  ${id(name)} --> ${id(target.one.name)}`]
    }),
    ...(radius?.clients ?? []).flatMap(({targets}, index) =>
      targets.flatMap((target) => {
        const found = [...carrying(topology, 'radius').map(({one}) => one), ...servers].find(
          ({host, address}) => host.toLowerCase() === target.toLowerCase() || address === target,
        )
        return found === undefined ? [] : [`  c${index} --> ${id(found.name)}`]
      }),
    ),
    ...servers
      .filter((one) => one !== primary && primary !== undefined)
      .map(
        ({name, staticPort}) =>
          `  ${id(name)} -.->|replication${staticPort === undefined ? '' : ` ${staticPort}`}| ${id(primary?.name ?? '')}`,
      ),
  ]
  return [{name: 'topology.mmd', text: unixText(lines)}]
}
