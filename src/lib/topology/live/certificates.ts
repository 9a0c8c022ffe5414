import type {BalancedName, Topology} from '../../model/topology.js'
import type {Clock} from '../../ports/clock.js'
import type {Endpoint, Network, TlsAnswer} from '../../ports/network.js'
import {membersOf} from '../look.js'
import {all, at, type ProbeResult, resultsOf} from './result.js'

/** Days before its end at which a certificate is worth a warning. */
const SOON = 30
const DAY = 86_400_000

interface Look {
  readonly name: string
  readonly endpoint: Endpoint
  readonly host: string
  /** Clients see another certificate: the load balancer's. */
  readonly isBehind: boolean
}

/** Names, chain and expiry at each balanced name, and at each of its members. */
export function probeCertificates(
  topology: Topology,
  network: Network,
  clock: Clock,
): Promise<ProbeResult[]> {
  const looks = topology.balancedNames
    .filter(({services}) => !services.includes('radius'))
    .flatMap((one) => looksAt(topology, one))
  return all(looks, async (look) => {
    const answer = await network.tls(look.endpoint, look.host)
    return judgeCertificate(look, answer, clock.now())
  })
}

function looksAt(topology: Topology, one: BalancedName): readonly Look[] {
  const {host} = one
  const isBehind = one.sticky === 'cookie'
  return [
    {name: one.name, endpoint: {host, port: one.port}, host, isBehind: false},
    ...membersOf(topology, one).map((member) => ({
      name: `${member.name} behind ${one.name}`,
      endpoint: {host: member.host, port: member.httpsPort},
      host,
      isBehind,
    })),
  ]
}

export function judgeCertificate(look: Look, answer: TlsAnswer, now: Date): ProbeResult {
  const {ok, warning, failed} = resultsOf('certificate', undefined, at(look.name, look.endpoint))
  if (answer.kind === 'failed')
    return failed(
      `no TLS: ${answer.why}`,
      'Check that IIS, or the load balancer, has a certificate on that port.',
    )
  const {names, fitsName, issuer, validFrom, validTo, untrusted} = answer
  const days = Math.floor((validTo.getTime() - now.getTime()) / DAY)
  const until = validTo.toISOString().slice(0, 10)
  if (validTo <= now) return failed(`expired on ${until}`, 'Renew the certificate.')
  if (validFrom > now)
    return failed(`not valid before ${validFrom.toISOString().slice(0, 10)}`, 'Check the clocks, or wait.')
  if (!fitsName) {
    const said = `is for ${names.join(', ') || 'no name'}, not for ${look.host}`
    const fix = `Give it a certificate with the name ${look.host}.`
    return look.isBehind ? warning(`${said}; clients see the load balancer's`, fix) : failed(said, fix)
  }
  if (untrusted !== undefined)
    return failed(
      `its chain leads to no CA that is trusted here (${untrusted})`,
      'Send the intermediate certificates too, or give the CA with --source-ca.',
    )
  if (days < SOON) return warning(`ends in ${days} days, on ${until}`, 'Renew the certificate now.')
  return ok(`for ${look.host}, by ${issuer}, until ${until}`)
}
