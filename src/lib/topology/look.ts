import type {
  AdfsServer,
  BalancedName,
  BalancedService,
  Machine,
  MfaServer,
  Topology,
  WebComponent,
  WebServer,
} from '../model/topology.js'

export interface Indexed<T> {
  readonly one: T
  readonly index: number
}

export const indexed = <T>(list: readonly T[]): readonly Indexed<T>[] =>
  list.map((one, index) => ({one, index}))

/** Balanced names that carry a service, with their place in the file. */
export const carrying = (
  topology: Topology,
  ...services: readonly BalancedService[]
): readonly Indexed<BalancedName>[] =>
  indexed(topology.balancedNames).filter(({one}) =>
    one.services.some((service) => services.includes(service)),
  )

export const serverNamed = (topology: Topology, name: string): MfaServer | undefined =>
  topology.servers.find((server) => server.name === name)

/** Every machine of the topology; names are unique over all of them. */
export const machines = (topology: Topology): readonly (MfaServer | WebServer | AdfsServer | Machine)[] => [
  ...topology.servers,
  ...topology.webServers,
  ...topology.proxies,
  ...(topology.adfs?.servers ?? []),
]

export const machineNamed = (topology: Topology, name: string): Machine | undefined =>
  machines(topology).find((machine) => machine.name === name)

/** The members that are there to answer, with what is known of them. */
export const membersOf = (topology: Topology, balanced: BalancedName): readonly Machine[] =>
  balanced.members.flatMap((member) => machineNamed(topology, member) ?? [])

/** Does the machine have what the service needs? */
export function provides(topology: Topology, member: string, service: BalancedService): boolean {
  const isAmong = (list: readonly Machine[]): boolean => list.some(({name}) => name === member)
  if (service === 'adfs') return isAmong(topology.adfs?.servers ?? [])
  if (service === 'adfs-proxy') return isAmong(topology.proxies)
  if (service === 'radius') return isAmong(topology.servers)
  const hosts: readonly {readonly name: string; readonly components: readonly WebComponent[]}[] = [
    ...topology.servers,
    ...topology.webServers,
  ]
  return hosts.some(({name, components}) => name === member && components.includes(service))
}

export const sameHost = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** `A, B and C` */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
