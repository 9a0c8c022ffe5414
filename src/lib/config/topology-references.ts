import type {TopologyPath} from '../model/topology.js'

/** As far as names go; what a topology says before its defaults are filled in. */
interface Named {
  readonly name: string
}
interface Naming {
  readonly servers: readonly Named[]
  readonly webServers: readonly (Named & {readonly usesSdk?: string | undefined})[]
  readonly proxies: readonly Named[]
  readonly adfs?: {readonly servers: readonly Named[]} | undefined
  readonly balancedNames: readonly (Named & {
    readonly host: string
    readonly port?: number | undefined
    readonly services: readonly string[]
    readonly members: readonly string[]
    readonly outOfRotation: readonly string[]
    readonly publishedThrough: readonly string[]
  })[]
  readonly promotion?: {readonly candidate?: string | undefined} | undefined
  readonly migration?: {readonly server: string} | undefined
  readonly radius?: {readonly clients: readonly Named[]} | undefined
  readonly replication: {readonly openPorts?: readonly (number | string)[] | undefined}
}

interface Fault {
  readonly path: TopologyPath
  readonly message: string
}

/** Names that are given twice, or that nothing has; lists that name something twice; ranges that run backwards. */
export function referenceFaults(topology: Naming): readonly Fault[] {
  return [...doubles(topology), ...strangers(topology), ...twice(topology), ...oddities(topology)]
}

function* places(topology: Naming): Iterable<readonly [TopologyPath, string]> {
  const lists = {
    servers: topology.servers,
    webServers: topology.webServers,
    proxies: topology.proxies,
    balancedNames: topology.balancedNames,
  }
  for (const [key, list] of Object.entries(lists))
    for (const [index, {name}] of list.entries()) yield [[key, index, 'name'], name]
  for (const [index, {name}] of (topology.adfs?.servers ?? []).entries())
    yield [['adfs', 'servers', index, 'name'], name]
}

function* doubles(topology: Naming): Iterable<Fault> {
  const seen = new Set<string>()
  for (const [path, name] of places(topology)) {
    if (seen.has(name.toLowerCase())) yield {path, message: `${name} is the name of something else too`}
    seen.add(name.toLowerCase())
  }
  const clients = new Set<string>()
  for (const [index, {name}] of (topology.radius?.clients ?? []).entries()) {
    if (clients.has(name.toLowerCase()))
      yield {path: ['radius', 'clients', index, 'name'], message: `${name} is the name of another client too`}
    clients.add(name.toLowerCase())
  }
}

function* strangers(topology: Naming): Iterable<Fault> {
  const names = (list: readonly Named[] = []) => new Set(list.map(({name}) => name))
  const servers = names(topology.servers)
  const proxies = names(topology.proxies)
  const machines = new Set([
    ...servers,
    ...names(topology.webServers),
    ...proxies,
    ...names(topology.adfs?.servers),
  ])
  const balanced = names(topology.balancedNames)
  const unknown = (path: TopologyPath, name: string, what: string): Fault => ({
    path,
    message: `there is no ${what} called ${name} in this file`,
  })
  for (const [index, one] of topology.balancedNames.entries()) {
    for (const [at, member] of one.members.entries())
      if (!machines.has(member)) yield unknown(['balancedNames', index, 'members', at], member, 'machine')
    for (const [at, member] of one.outOfRotation.entries())
      if (!one.members.includes(member))
        yield {
          path: ['balancedNames', index, 'outOfRotation', at],
          message: `${member} is not among the members`,
        }
    for (const [at, proxy] of one.publishedThrough.entries())
      if (!proxies.has(proxy)) yield unknown(['balancedNames', index, 'publishedThrough', at], proxy, 'proxy')
  }
  for (const [index, {usesSdk}] of topology.webServers.entries())
    if (usesSdk !== undefined && !balanced.has(usesSdk))
      yield unknown(['webServers', index, 'usesSdk'], usesSdk, 'balanced name')
  const candidate = topology.promotion?.candidate
  if (candidate !== undefined && !servers.has(candidate))
    yield unknown(['promotion', 'candidate'], candidate, 'MFA server')
  if (topology.migration !== undefined && !servers.has(topology.migration.server))
    yield unknown(['migration', 'server'], topology.migration.server, 'MFA server')
}

function* twice(topology: Naming): Iterable<Fault> {
  for (const [index, one] of topology.balancedNames.entries()) {
    for (const key of ['members', 'outOfRotation', 'services', 'publishedThrough'] as const) {
      const list: readonly string[] = one[key]
      for (const [at, entry] of list.entries())
        if (list.indexOf(entry) < at)
          yield {path: ['balancedNames', index, key, at], message: `${entry} is there twice`}
    }
  }
}

function* oddities(topology: Naming): Iterable<Fault> {
  const doors = new Set<string>()
  for (const [index, {host, port, services}] of topology.balancedNames.entries()) {
    const isRadius = services.includes('radius')
    if (isRadius && services.length > 1)
      yield {
        path: ['balancedNames', index, 'services'],
        message: 'radius is UDP and needs a balanced name of its own',
      }
    const door = `${host.toLowerCase()} ${isRadius ? 'udp' : 'tcp'} ${port ?? ''}`
    if (doors.has(door))
      yield {
        path: ['balancedNames', index, 'host'],
        message: `${host} with this port is balanced by another entry too`,
      }
    doors.add(door)
  }
  for (const [at, entry] of (topology.replication.openPorts ?? []).entries()) {
    if (typeof entry === 'number') continue
    const [first = 0, last = 0] = entry.split('-').map(Number)
    if (first < 1 || last > 65_535 || first > last)
      yield {
        path: ['replication', 'openPorts', at],
        message: `${entry} is no range of ports from 1 to 65535`,
      }
  }
}
