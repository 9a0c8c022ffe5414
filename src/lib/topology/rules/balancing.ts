import {type BalancedName, radiusPatience, type Topology} from '../../model/topology.js'
import {findingsOf, type Finding, type Rule} from '../finding.js'
import {carrying, indexed, type Indexed, listed, provides, sameHost} from '../look.js'

/** With a second target a client first waits for the first one's time-out. */
export const h6: Rule = (topology) => {
  const {blocker, warning} = findingsOf('H6')
  const {radius} = topology
  const names = carrying(topology, 'radius')
  const findings: Finding[] = names.flatMap(({one, index}) => strangersIn(topology, one, index))
  if (radius === undefined) return findings
  const answering = topology.servers.filter(({name}) => name !== topology.migration?.server)
  // One server alone is H2's matter.
  if (answering.length < 2) return findings
  for (const {one, index} of names)
    if (one.members.length < 2)
      findings.push(
        blocker(
          ['balancedNames', index, 'members'],
          `${one.name} balances RADIUS over one server only`,
          `Add other MFA servers: ${listed(answering.map(({name}) => name))}.`,
        ),
      )
  const balanced = (target: string) =>
    names.some(({one}) => sameHost(one.host, target) || (one.address !== undefined && one.address === target))
  for (const {one: client, index} of indexed(radius.clients)) {
    const {targets} = client
    const {timeoutSeconds, retries} = radiusPatience(client)
    const wait = Math.round(timeoutSeconds * (retries + 1) * 10) / 10
    if (targets.length > 1)
      findings.push(
        blocker(
          ['radius', 'clients', index, 'targets'],
          `${client.name} has ${targets.length} targets: when the first is down, every sign-in waits ${wait} s before the next is tried`,
          'Balance RADIUS (mfa ha generate FILE --format nginx) and give the client that one address.',
        ),
      )
    else if (!targets.every(balanced))
      findings.push(
        blocker(
          ['radius', 'clients', index, 'targets'],
          `${client.name} asks ${targets[0]}, which is no balanced name for RADIUS in this file`,
          'Give it the address of a balanced name with services: [radius].',
        ),
      )
    else if (client.timeoutSeconds !== undefined && client.timeoutSeconds < radius.answerSeconds)
      findings.push(
        warning(
          ['radius', 'clients', index, 'timeoutSeconds'],
          `${client.name} sends again after ${client.timeoutSeconds} s, but a server may take ${radius.answerSeconds} s to answer: a load balancer may keep it on a server that is silent`,
          'Set the time-out of the client to answerSeconds at least, and few retries.',
        ),
      )
  }
  return findings
}

function strangersIn(topology: Topology, one: BalancedName, index: number): readonly Finding[] {
  const {blocker} = findingsOf('H6')
  return one.members
    .map((member, at) => ({member, at}))
    .filter(({member}) => !provides(topology, member, 'radius'))
    .map(({member, at}) =>
      blocker(
        ['balancedNames', index, 'members', at],
        `${member} is no MFA server and does not answer RADIUS`,
        'Keep MFA servers only behind this name.',
      ),
    )
}

const isSpread = ({one}: Indexed<BalancedName>): boolean => one.members.length > 1

/** The server that sent the code must get the answer: over AD FS (SDK) as over RADIUS. */
export const h7: Rule = (topology) => {
  if (!topology.oneWaySms) return []
  const {blocker, warning} = findingsOf('H7')
  return carrying(topology, 'web-service-sdk', 'radius')
    .filter(isSpread)
    .flatMap(({one, index}): readonly Finding[] => {
      const path = ['balancedNames', index, 'sticky']
      if (one.sticky === 'none')
        return [
          blocker(
            path,
            `${one.name} is balanced without sticky sessions, and users type codes from text messages: another server than the one that sent the code may get it`,
            'Set sticky: source-address, and configure the load balancer so (mfa ha generate).',
          ),
        ]
      if (one.sticky === 'cookie' && one.services.includes('radius'))
        return [
          blocker(
            path,
            `${one.name} is to be sticky by cookie, but RADIUS has none`,
            'Set sticky: source-address.',
          ),
        ]
      if (one.sticky === 'cookie' && one.services.includes('web-service-sdk'))
        return [
          warning(
            path,
            `${one.name} is sticky by cookie; whether the AD FS adapter sends cookies back is not documented`,
            'Set sticky: source-address, or try a text message through each AD FS server.',
          ),
        ]
      return []
    })
}

export const h8: Rule = (topology) => {
  const {blocker} = findingsOf('H8')
  return carrying(topology, 'user-portal', 'mobile-app')
    .filter(isSpread)
    .filter(({one}) => one.sticky === 'none')
    .map(({one, index}) =>
      blocker(
        ['balancedNames', index, 'sticky'],
        `${one.name} (${listed(one.services.filter((service) => service !== 'web-service-sdk'))}) is balanced without sticky sessions: sessions break when a request reaches another server`,
        'Set sticky: cookie, and configure the load balancer so (mfa ha generate).',
      ),
    )
}
