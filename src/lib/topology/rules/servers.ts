import {findingsOf, type Finding, type Rule} from '../finding.js'
import {indexed, listed, serverNamed} from '../look.js'

/** One primary with the writable data file. */
export const h1: Rule = ({servers}) => {
  const {blocker} = findingsOf('H1')
  const primaries = indexed(servers).filter(({one}) => one.role === 'primary')
  if (primaries.length === 0)
    return [
      blocker(
        ['servers'],
        'no server is the primary: nobody has the writable data file',
        'Set role: primary on the server that has it; the MFA Server window of each server shows its role.',
      ),
    ]
  return primaries
    .slice(1)
    .map(({one, index}) =>
      blocker(
        ['servers', index, 'role'],
        `${one.name} is a second primary beside ${primaries[0]?.one.name}`,
        'Keep one primary and set role: subordinate on the others.',
      ),
    )
}

/** Authentication goes on without the primary only where a subordinate is there to do it. */
export const h2: Rule = ({servers, migration}) => {
  const {blocker} = findingsOf('H2')
  // A server set apart for the migration answers nobody (H13).
  const answering = servers.filter(({name}) => name !== migration?.server)
  if (answering.length > 1) return []
  return [
    blocker(
      ['servers'],
      `${answering[0]?.name ?? 'no server'} alone answers: when it is down, nobody can sign in with MFA`,
      'Add a subordinate on another machine that takes authentications too.',
    ),
  ]
}

export const h3: Rule = (topology) => {
  const {blocker, warning} = findingsOf('H3')
  const {promotion, servers, migration} = topology
  const subordinates = servers.filter(({role}) => role === 'subordinate')
  if (subordinates.length === 0) return []
  if (promotion === undefined)
    return [
      warning(
        ['servers'],
        'nothing says who is promoted when the primary is lost; until somebody does it by hand, no user can be changed and the portal is down',
        'Add promotion: with mode: manual and a candidate.',
      ),
    ]
  if (promotion.mode === 'automatic')
    return [
      blocker(
        ['promotion', 'mode'],
        'nothing promotes a subordinate by itself: MFA Server has no automatic promotion',
        'Set mode: manual, and write down who does it and how.',
      ),
    ]
  const candidate = promotion.candidate === undefined ? undefined : serverNamed(topology, promotion.candidate)
  if (candidate === undefined)
    return [
      warning(
        ['promotion'],
        'no candidate for promotion is named',
        'Add candidate: with the name of a subordinate.',
      ),
    ]
  if (candidate.role === 'primary')
    return [
      blocker(
        ['promotion', 'candidate'],
        `${candidate.name} is the primary already: it cannot stand in for itself`,
        `Name a subordinate: ${listed(subordinates.map(({name}) => name))}.`,
      ),
    ]
  if (candidate.name === migration?.server && subordinates.length > 1)
    return [
      warning(
        ['promotion', 'candidate'],
        `${candidate.name} is set apart for the migration, and would carry other work as the primary`,
        'Name another subordinate.',
      ),
    ]
  return []
}

/** Domain names compare without letter case. */
export const h4: Rule = ({servers}) => {
  const {blocker} = findingsOf('H4')
  const [first, ...others] = servers
  if (first === undefined) return []
  const domain = (text: string) => text.toLowerCase()
  const where = (text: string) => (domain(text) === 'standalone' ? 'stand-alone' : `joined to ${text}`)
  return others.flatMap((one, at): readonly Finding[] =>
    domain(one.domain) === domain(first.domain)
      ? []
      : [
          blocker(
            ['servers', at + 1, 'domain'],
            `${one.name} is ${where(one.domain)}, ${first.name} is ${where(first.domain)}: they do not replicate`,
            'Join all servers to one domain, or none.',
          ),
        ],
  )
}

const VALUE = 'Pfsvc_ncan_ip_tcp_port'

/** Subordinates connect to the primary; any server may be promoted, so every one has the port. */
export const h5: Rule = ({servers, replication}) => {
  const {blocker, warning} = findingsOf('H5')
  if (servers.length < 2) return []
  const {firewallBetweenServers: firewall, openPorts} = replication
  const ports = [...new Set(servers.flatMap(({staticPort}) => staticPort ?? []))]
  const [port] = ports
  if (port === undefined) {
    if (!firewall) return []
    return [
      blocker(
        ['replication', 'firewallBetweenServers'],
        `there is a firewall between the servers, and no server has a static port (${VALUE})`,
        'Set the same free port on every server and open just that one: mfa ha generate FILE --format registry.',
      ),
    ]
  }
  const report = firewall ? blocker : warning
  const findings: Finding[] = []
  for (const {one, index} of indexed(servers)) {
    const generate = `Set ${VALUE} to ${port} there: mfa ha generate FILE --format registry.`
    if (one.staticPort === undefined)
      findings.push(
        report(
          ['servers', index],
          `${one.name} has no static port, others have ${port}: as the primary it would not be reached`,
          generate,
        ),
      )
    else if (one.staticPort !== port)
      findings.push(
        report(
          ['servers', index, 'staticPort'],
          `${one.name} has the static port ${one.staticPort}, others have ${port}`,
          generate,
        ),
      )
    else if (one.staticPort === one.httpsPort)
      findings.push(
        blocker(
          ['servers', index, 'staticPort'],
          `${one.name} uses port ${port} for its web services already`,
          'Choose a free port.',
        ),
      )
  }
  if (firewall) findings.push(...openings(openPorts, ports))
  return findings
}

function openings(
  open: readonly (number | string)[] | undefined,
  ports: readonly number[],
): readonly Finding[] {
  const {blocker, warning} = findingsOf('H5')
  const [port] = ports
  if (open === undefined)
    return [
      warning(
        ['replication'],
        'nothing says which ports the firewall between the servers lets through',
        `Add openPorts: [${port}].`,
      ),
    ]
  const findings = ports
    .filter((one) => !open.some((entry) => covers(entry, one)))
    .map((one) =>
      blocker(
        ['replication', 'openPorts'],
        `the firewall between the servers does not let port ${one} through`,
        `Open TCP ${one} between all MFA servers.`,
      ),
    )
  const tooMany = open
    .map((entry, at) => ({entry, at}))
    .filter(({entry}) => !ports.includes(Number(entry)))
    .map(({entry, at}) =>
      blocker(
        ['replication', 'openPorts', at],
        `the firewall between the servers lets ${entry} through, which replication does not need`,
        `Close it: with a static port, just ${port} is needed.`,
      ),
    )
  return [...findings, ...tooMany]
}

function covers(entry: number | string, port: number): boolean {
  if (typeof entry === 'number') return entry === port
  const [first = 0, last = 0] = entry.split('-').map(Number)
  return first <= port && port <= last
}
