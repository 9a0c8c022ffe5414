import type {BalancedService, Machine, Topology} from '../../model/topology.js'
import type {CloudHosts, RuleId} from '../finding.js'
import {carrying, machines, membersOf} from '../look.js'

/** Traffic that has to be let through. */
export interface Flow {
  readonly from: string
  /** Names of machines it comes from, where the topology has them; empty for others. */
  readonly sources: readonly Machine[]
  readonly to: Machine | {readonly name: string; readonly host: string; readonly address?: string | undefined}
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
  readonly why: string
  readonly rule: RuleId
}

/** Everything that the topology needs, and no port more. */
export function flows(topology: Topology, hosts: CloudHosts): readonly Flow[] {
  return [
    ...replication(topology),
    ...toBalanced(topology),
    ...toMembers(topology),
    ...outbound(topology, hosts),
  ]
}

/** Among all pairs: subordinates connect to the primary, and any of them may be promoted. */
function replication({servers}: Topology): readonly Flow[] {
  return servers.flatMap((to) => {
    const others = servers.filter(({name}) => name !== to.name)
    if (to.staticPort === undefined || others.length === 0) return []
    return [
      {
        from: others.map(({name}) => name).join(' '),
        sources: others,
        to,
        protocol: 'TCP' as const,
        port: to.staticPort,
        why: 'replication to the primary, which any server may become',
        rule: 'H5' as const,
      },
    ]
  })
}

function toBalanced(topology: Topology): readonly Flow[] {
  const {adfs, webServers, radius, proxies} = topology
  const list: Flow[] = []
  const add = (
    sources: readonly Machine[],
    service: BalancedService,
    why: string,
    rule: RuleId,
    from = sources.map(({name}) => name).join(' '),
  ) => {
    if (from === '') return
    for (const {one} of carrying(topology, service))
      list.push({
        from,
        sources,
        to: one,
        protocol: service === 'radius' ? 'UDP' : 'TCP',
        port: one.port,
        why,
        rule,
      })
  }
  const agents = (adfs?.servers ?? []).filter(({sdkUrl}) => sdkUrl !== undefined)
  add(
    [...agents, ...webServers],
    'web-service-sdk',
    'AD FS adapter, portal and mobile app service to the SDK',
    'H10',
  )
  add([], 'radius', 'RADIUS clients', 'H6', (radius?.clients ?? []).map(({name}) => name).join(' '))
  add(proxies, 'adfs', 'AD FS proxies to the farm', 'H11')
  for (const {one} of carrying(topology, 'user-portal', 'mobile-app')) {
    const through = proxies.filter(({name}) => one.publishedThrough.includes(name))
    const from = through.length > 0 ? through.map(({name}) => name).join(' ') : 'users'
    list.push({
      from,
      sources: through,
      to: one,
      protocol: 'TCP',
      port: one.port,
      why: 'user portal, mobile app service',
      rule: 'H9',
    })
  }
  for (const {one} of carrying(topology, 'adfs-proxy'))
    list.push({
      from: 'internet',
      sources: [],
      to: one,
      protocol: 'TCP',
      port: one.port,
      why: 'AD FS from outside',
      rule: 'H11',
    })
  return list
}

const MEMBER_RULES: Readonly<Record<BalancedService, RuleId>> = {
  'web-service-sdk': 'H10',
  'user-portal': 'H8',
  'mobile-app': 'H8',
  radius: 'H6',
  adfs: 'H11',
  'adfs-proxy': 'H11',
}

function toMembers(topology: Topology): readonly Flow[] {
  return topology.balancedNames.flatMap((one) => {
    const [service = 'web-service-sdk'] = one.services
    const isRadius = service === 'radius'
    return membersOf(topology, one).map((to): Flow => {
      const radiusPort = topology.servers.find(({name}) => name === to.name)?.radiusPort ?? 1812
      return {
        from: `load balancer of ${one.name}`,
        sources: [],
        to,
        protocol: isRadius ? 'UDP' : 'TCP',
        port: isRadius ? radiusPort : to.httpsPort,
        why: `members of ${one.host}`,
        rule: MEMBER_RULES[service],
      }
    })
  })
}

function outbound({servers}: Topology, {graph, signIn}: CloudHosts): readonly Flow[] {
  return [graph, signIn].map((host): Flow => ({
    from: servers.map(({name}) => name).join(' '),
    sources: servers,
    to: {name: host, host},
    protocol: 'TCP',
    port: 443,
    why: 'Microsoft Graph and sign-in',
    rule: 'H14',
  }))
}

/** Windows machines of the topology on which a rule for incoming traffic makes sense. */
export const receivers = (topology: Topology, list: readonly Flow[]): readonly Machine[] =>
  machines(topology).filter(({name}) => list.some(({to}) => to.name === name))
