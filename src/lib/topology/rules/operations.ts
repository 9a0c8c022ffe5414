import {findingsOf, type CloudHosts, type Finding, type Rule} from '../finding.js'
import {indexed, listed, sameHost} from '../look.js'

/** User portal, SDK and AD FS adapter need no upgrade, so only MFA servers are looked at. */
export const h12: Rule = ({servers, balancedNames}) => {
  const {blocker, warning} = findingsOf('H12')
  const findings: Finding[] = []
  for (const {one, index} of indexed(servers)) {
    if (!one.upgrading) continue
    for (const {one: balanced, index: at} of indexed(balancedNames))
      if (balanced.members.includes(one.name) && !balanced.outOfRotation.includes(one.name))
        findings.push(
          blocker(
            ['balancedNames', at, 'members', balanced.members.indexOf(one.name)],
            `${one.name} is to be upgraded and still gets traffic from ${balanced.name}`,
            `Take it out of the load balancer first, and add outOfRotation: [${one.name}].`,
          ),
        )
    const missing = (['x86', 'x64'] as const).filter((kind) => one.visualCpp2015?.includes(kind) === false)
    if (one.visualCpp2015 === undefined)
      findings.push(
        warning(
          ['servers', index, 'upgrading'],
          `nothing says whether ${one.name} has the Visual C++ 2015 redistributables`,
          'Look on the server and add visualCpp2015: [x86, x64] once both are installed.',
        ),
      )
    else if (missing.length > 0)
      findings.push(
        blocker(
          ['servers', index, 'visualCpp2015'],
          `${one.name} is to be upgraded without the Visual C++ 2015 redistributable (${listed(missing)})`,
          'Install both, x86 and x64, before the upgrade.',
        ),
      )
  }
  for (const {one, index} of indexed(balancedNames))
    if (one.members.every((member) => one.outOfRotation.includes(member)))
      findings.push(
        blocker(
          ['balancedNames', index, 'outOfRotation'],
          `every member of ${one.name} is out of rotation: nobody answers`,
          'Upgrade one server after the other.',
        ),
      )
  return findings
}

/** The dedicated secondary: a subordinate that carries no other traffic and has its own certificate. */
export const h13: Rule = (topology) => {
  const {migration, servers, balancedNames, radius} = topology
  if (migration === undefined) return []
  const {blocker, warning} = findingsOf('H13')
  const at = servers.findIndex(({name}) => name === migration.server)
  const server = servers[at]
  if (server === undefined) return []
  const findings: Finding[] = []
  if (server.role === 'primary')
    findings.push(
      blocker(
        ['migration', 'server'],
        `${server.name} is the primary: migration and sync would run beside every change and sign-in`,
        'Name a subordinate that does nothing else.',
      ),
    )
  for (const {one, index} of indexed(balancedNames))
    if (one.members.includes(server.name))
      findings.push(
        blocker(
          ['balancedNames', index, 'members', one.members.indexOf(server.name)],
          `${server.name} runs the migration and gets traffic from ${one.name}`,
          'Take it out of the members.',
        ),
      )
  for (const {one, index} of indexed(radius?.clients ?? []))
    for (const [place, target] of one.targets.entries())
      if (sameHost(target, server.host) || target === server.address)
        findings.push(
          blocker(
            ['radius', 'clients', index, 'targets', place],
            `${server.name} runs the migration and is asked by ${one.name}`,
            'Point the client to the balanced RADIUS name.',
          ),
        )
  if (server.components.some((component) => component !== 'web-service-sdk'))
    findings.push(
      blocker(
        ['servers', at, 'components'],
        `${server.name} runs the migration and has ${listed(server.components)} too`,
        'Leave it the Web Service SDK at most.',
      ),
    )
  const normal = (thumbprint: string) => thumbprint.toLowerCase()
  const own = migration.certificateThumbprint ?? server.certificateThumbprint
  const twin = servers.find(
    ({name, certificateThumbprint: other}) =>
      name !== server.name && own !== undefined && other !== undefined && normal(other) === normal(own),
  )
  if (twin !== undefined)
    findings.push(
      blocker(
        migration.certificateThumbprint === undefined
          ? ['servers', at, 'certificateThumbprint']
          : ['migration', 'certificateThumbprint'],
        `${server.name} shares its certificate with ${twin.name}`,
        'Register a certificate of its own with the app registration: mfa app certificate --help.',
      ),
    )
  else if (own === undefined)
    findings.push(
      warning(
        ['migration'],
        `nothing says which certificate ${server.name} registers with the app registration`,
        'Make it one of its own and add its certificateThumbprint:.',
      ),
    )
  return findings
}

export const h14: Rule = ({servers}, hosts) => {
  const {blocker, warning} = findingsOf('H14')
  return indexed(servers).flatMap(({one, index}): readonly Finding[] => {
    if (one.outboundHttps === undefined)
      return [
        warning(
          ['servers', index],
          `nothing says whether ${one.name} reaches ${hosts.graph} and ${hosts.signIn}`,
          'Look from that server (mfa ha generate FILE --format powershell makes a check) and add outboundHttps:.',
        ),
      ]
    const missing = closedHosts(one.outboundHttps, hosts)
    return missing.length === 0
      ? []
      : [
          blocker(
            ['servers', index, 'outboundHttps'],
            `${one.name} may not reach ${listed(missing)} by HTTPS`,
            'Open TCP 443 from that server to these hosts.',
          ),
        ]
  })
}

function closedHosts(allowed: 'any' | readonly string[], {graph, signIn}: CloudHosts): readonly string[] {
  if (allowed === 'any') return []
  const takes = (pattern: string, host: string) =>
    pattern.startsWith('*.') ? host.endsWith(pattern.slice(1).toLowerCase()) : sameHost(pattern, host)
  return [graph, signIn].filter((host) => !allowed.some((pattern) => takes(pattern, host)))
}
