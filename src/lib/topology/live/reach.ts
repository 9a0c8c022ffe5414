import type {Topology} from '../../model/topology.js'
import type {Endpoint, Network} from '../../ports/network.js'
import type {RuleId} from '../finding.js'
import {machines} from '../look.js'
import {all, at, type ProbeResult, resultsOf} from './result.js'

/** Every name of the topology, once. */
export function probeNames(topology: Topology, network: Network): Promise<ProbeResult[]> {
  const hosts = [
    ...machines(topology).map(({host}) => host),
    ...topology.balancedNames.map(({host}) => host),
    ...(topology.radius?.clients ?? []).flatMap(({targets}) => targets),
  ].map((host) => host.toLowerCase())
  return all([...new Set(hosts)], async (host) => {
    const {ok, failed} = resultsOf('name', undefined, host)
    const answer = await network.resolve(host)
    if (answer.kind === 'found') return ok(`resolves to ${answer.addresses.join(', ')}`)
    return failed(`does not resolve here (${answer.why})`, 'Correct the name in the file or in DNS.')
  })
}

interface Door {
  readonly name: string
  readonly endpoint: Endpoint
  readonly rule: RuleId | undefined
  readonly what: string
}

/** TCP 443 and the static replication port on every server, and the ports of the balanced names. */
export function probePorts(topology: Topology, network: Network): Promise<ProbeResult[]> {
  return all(doors(topology), async ({name, endpoint, rule, what}) => {
    const {ok, failed} = resultsOf('port', rule, at(name, endpoint))
    const answer = await network.tcp(endpoint)
    switch (answer.kind) {
      case 'open':
        return ok(`${what} answers in ${Math.max(1, Math.round(answer.ms))} ms`)
      case 'refused':
        return failed(`${what}: refused, nothing listens there`, 'Start the service, or correct the port.')
      case 'silent':
        return failed(
          `${what}: no answer; the machine is off, or a firewall is in between`,
          'Start the machine, or open the port from here.',
        )
      case 'failed':
        return failed(`${what}: ${answer.why}`, 'Check name, address and route from here.')
      default:
        return answer satisfies never
    }
  })
}

function doors(topology: Topology): readonly Door[] {
  const {servers, webServers, proxies, adfs, balancedNames} = topology
  const web = (rule: RuleId, list: readonly {name: string; host: string; httpsPort: number}[]): Door[] =>
    list.map(({name, host, httpsPort: port}) => ({name, endpoint: {host, port}, rule, what: 'HTTPS'}))
  return [
    // A server without web components has nothing on 443.
    ...web(
      'H10',
      servers.filter(({components}) => components.length > 0),
    ),
    ...servers.flatMap(({name, host, staticPort: port}) =>
      port === undefined
        ? []
        : [{name, endpoint: {host, port}, rule: 'H5' as const, what: 'static replication port'}],
    ),
    ...web('H9', webServers),
    ...web('H11', [...(adfs?.servers ?? []), ...proxies]),
    ...balancedNames
      .filter(({services}) => !services.includes('radius'))
      .map(({name, host, port}) => ({name, endpoint: {host, port}, rule: undefined, what: 'balanced name'})),
  ]
}
