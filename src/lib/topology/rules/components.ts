import type {Topology} from '../../model/topology.js'
import {findingsOf, type Finding, type Rule} from '../finding.js'
import {carrying, indexed, listed, provides, sameHost, serverNamed} from '../look.js'

/** What may be seen from the internet, and how. */
export const h9: Rule = (topology) => [...placement(topology), ...publication(topology)]

function placement(topology: Topology): readonly Finding[] {
  const {blocker, warning} = findingsOf('H9')
  const findings: Finding[] = []
  for (const {one, index} of indexed(topology.servers))
    if (one.network === 'perimeter')
      findings.push(
        blocker(
          ['servers', index, 'network'],
          `${one.name} stands in the perimeter network with the users' data file`,
          'Move it inside; only portal, mobile app service and proxies belong in the perimeter.',
        ),
      )
  for (const {one, index} of indexed(topology.webServers)) {
    const sdk = carrying(topology, 'web-service-sdk').some(({one: balanced}) => balanced.name === one.usesSdk)
    if (one.usesSdk === undefined)
      findings.push(
        warning(
          ['webServers', index],
          `nothing says through which name ${one.name} reaches the Web Service SDK`,
          'Add usesSdk: with a balanced name.',
        ),
      )
    else if (!sdk)
      findings.push(
        blocker(
          ['webServers', index, 'usesSdk'],
          `${one.name} reaches the MFA servers through ${one.usesSdk}, which does not carry the Web Service SDK`,
          'Name a balanced name with services: [web-service-sdk].',
        ),
      )
  }
  for (const {one, index} of carrying(topology, 'user-portal', 'mobile-app'))
    for (const [at, member] of one.members.entries()) {
      const missing = one.services.filter(
        (service) =>
          (service === 'user-portal' || service === 'mobile-app') && !provides(topology, member, service),
      )
      if (missing.length > 0)
        findings.push(
          blocker(
            ['balancedNames', index, 'members', at],
            `${member} is behind ${one.name} but has no ${listed(missing)}`,
            'Install it there, or take the machine out of the members.',
          ),
        )
    }
  return findings
}

function publication(topology: Topology): readonly Finding[] {
  const {blocker} = findingsOf('H9')
  return indexed(topology.balancedNames).flatMap(({one, index}): readonly Finding[] => {
    if (!one.internet) return []
    const inside = one.services.filter((service) => ['web-service-sdk', 'radius', 'adfs'].includes(service))
    if (inside.length > 0)
      return [
        blocker(
          ['balancedNames', index, 'internet'],
          `${one.name} opens ${listed(inside)} to the internet`,
          'Keep it inside; publish the user portal and the mobile app service only, AD FS by its proxies.',
        ),
      ]
    const isProxy = one.services.every((service) => service === 'adfs-proxy')
    if (!isProxy && one.publishedThrough.length === 0)
      return [
        blocker(
          ['balancedNames', index, 'internet'],
          `${one.name} can be reached from the internet without a proxy in the perimeter network`,
          'Publish it through Web Application Proxy and name the proxies in publishedThrough:.',
        ),
      ]
    return []
  })
}

export const h10: Rule = (topology) => {
  const {blocker} = findingsOf('H10')
  const findings: Finding[] = []
  const names = carrying(topology, 'web-service-sdk')
  for (const {one, index} of names)
    for (const [at, member] of one.members.entries())
      if (!provides(topology, member, 'web-service-sdk'))
        findings.push(
          blocker(
            ['balancedNames', index, 'members', at],
            `${member} is behind ${one.name} but has no Web Service SDK`,
            serverNamed(topology, member) === undefined
              ? 'The SDK sits on MFA servers: keep those only.'
              : 'Install the Web Service SDK there, or take it out of the members.',
          ),
        )
  const agents = indexed(topology.adfs?.servers ?? []).flatMap(({one, index}) =>
    one.sdkUrl === undefined ? [] : [{name: one.name, index, url: new URL(one.sdkUrl)}],
  )
  // One server alone is H2's matter; its agents have nothing to be balanced over.
  const several = topology.servers.length > 1
  for (const {name, index, url} of agents) {
    const path = ['adfs', 'servers', index, 'sdkUrl']
    const port = url.port === '' ? 443 : Number(url.port)
    const target = names.find(({one}) => sameHost(one.host, url.hostname) && one.port === port)
    if (port !== 443)
      findings.push(
        blocker(
          path,
          `${name} asks the SDK on port ${port}`,
          'AD FS agents use TCP 443: change the port, and the firewall with it.',
        ),
      )
    else if (several && target === undefined)
      findings.push(
        blocker(
          path,
          `${name} asks ${url.hostname}, which is no balanced name of the Web Service SDK`,
          'Give every AD FS server the one balanced URL.',
        ),
      )
    else if (url.href !== agents[0]?.url.href)
      findings.push(
        blocker(
          path,
          `${name} has another SDK address than ${agents[0]?.name}`,
          'Give every AD FS server the one balanced URL.',
        ),
      )
  }
  return findings
}

export const h11: Rule = (topology) => {
  const {blocker} = findingsOf('H11')
  const {adfs, proxies} = topology
  const findings: Finding[] = carrying(topology, 'adfs', 'adfs-proxy').flatMap(({one, index}) =>
    one.members.flatMap((member, at) => {
      const fits = one.services.some(
        (service) => (service === 'adfs' || service === 'adfs-proxy') && provides(topology, member, service),
      )
      const place = ['balancedNames', index, 'members', at]
      return fits
        ? []
        : [
            blocker(
              place,
              `${member} is behind ${one.name} but is no AD FS server or proxy`,
              'Take it out of the members.',
            ),
          ]
    }),
  )
  if (adfs === undefined) return findings
  const behind = (service: 'adfs' | 'adfs-proxy') =>
    new Set(carrying(topology, service).flatMap(({one}) => one.members))
  const lone = (path: readonly (string | number)[], what: string) =>
    findings.push(
      blocker(
        path,
        `there is one ${what} only: when it is down, so are all sign-ins through it`,
        'Add another and balance them.',
      ),
    )
  const left = (list: readonly {readonly name: string}[], service: 'adfs' | 'adfs-proxy') =>
    list.map(({name}) => name).filter((name) => !behind(service).has(name))
  if (adfs.servers.length < 2) lone(['adfs', 'servers'], 'AD FS server')
  else if (left(adfs.servers, 'adfs').length > 0)
    findings.push(
      blocker(
        ['adfs', 'servers'],
        `${listed(left(adfs.servers, 'adfs'))} of the AD FS farm: behind no balanced name`,
        'Add a balanced name with services: [adfs] and the whole farm as members.',
      ),
    )
  if (!adfs.published) return findings
  if (proxies.length === 0)
    findings.push(
      blocker(
        ['adfs', 'published'],
        'AD FS is published without proxies',
        'Add balanced AD FS proxies in the perimeter network.',
      ),
    )
  else if (proxies.length < 2) lone(['proxies'], 'AD FS proxy')
  else if (left(proxies, 'adfs-proxy').length > 0)
    findings.push(
      blocker(
        ['proxies'],
        `${listed(left(proxies, 'adfs-proxy'))}: AD FS proxies behind no balanced name`,
        'Add a balanced name with services: [adfs-proxy] and all proxies as members.',
      ),
    )
  return findings
}
