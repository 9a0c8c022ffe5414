import {MfaError} from '../../errors/mfa-error.js'
import {
  fieldName,
  type BalancedName,
  type Machine,
  type Sticky,
  type Topology,
  type TopologyFile,
} from '../../model/topology.js'
import {membersOf} from '../look.js'

/** A balanced name as a load balancer needs it. */
export interface Balanced {
  readonly name: string
  readonly host: string
  /** Address and port to listen on; address undefined for all. */
  readonly listen: {readonly address: string | undefined; readonly port: number}
  readonly isRadius: boolean
  readonly sticky: Sticky
  /** Why it is sticky although the file says otherwise. */
  readonly because?: string | undefined
  readonly members: readonly Member[]
  /** What an answering member answers to; undefined where only its port is looked at. */
  readonly healthPath: string | undefined
  readonly certificate: string | undefined
  readonly ca: string | undefined
}

export interface Member {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly isOut: boolean
}

/**
 * What is to be balanced: sticky where H7 and H8 ask for it, whatever the file says, and as the file says elsewhere.
 * Throws MfaError `data` where there is nothing, or where two names would listen on one port.
 */
export function balancedNames({path, topology, lineOf}: TopologyFile): readonly Balanced[] {
  if (topology.balancedNames.length === 0)
    throw new MfaError(
      'TOPOLOGY_NOT_BALANCED',
      `${path} has no balancedNames: there is nothing to configure`,
      {
        exit: 'data',
        fix: 'Add balancedNames: with host, services, members and sticky; examples/topology/ shows how.',
      },
    )
  const names = topology.balancedNames.map((one) => balanced(topology, one))
  for (const [index, one] of names.entries()) {
    const other = names.slice(0, index).find((before) => collide(before, one))
    if (other !== undefined)
      throw new MfaError(
        'TOPOLOGY_PORT_TAKEN',
        `${path}, line ${lineOf(['balancedNames', index])}, field ${fieldName(['balancedNames', index])}: ${one.name} and ${other.name} would both listen on port ${one.listen.port}`,
        {exit: 'data', fix: 'Give each of them an address: of its own.'},
      )
  }
  return names
}

const collide = (one: Balanced, other: Balanced): boolean =>
  one.isRadius === other.isRadius &&
  one.listen.port === other.listen.port &&
  (one.listen.address === undefined ||
    other.listen.address === undefined ||
    one.listen.address === other.listen.address)

function balanced(topology: Topology, one: BalancedName): Balanced {
  const isRadius = one.services.includes('radius')
  const port = (machine: Machine): number =>
    isRadius
      ? (topology.servers.find(({name}) => name === machine.name)?.radiusPort ?? 1812)
      : machine.httpsPort
  return {
    name: one.name,
    host: one.host,
    listen: {address: one.address, port: one.port},
    isRadius,
    ...stickiness(topology, one),
    members: membersOf(topology, one).map((machine) => ({
      name: machine.name,
      address: machine.address ?? machine.host,
      port: port(machine),
      isOut: one.outOfRotation.includes(machine.name),
    })),
    healthPath: healthPath(topology, one),
    certificate: one.tls?.certificate,
    ca: one.tls?.ca,
  }
}

/** H8 beats H7: a cookie is finer than an address, and portal users may share one behind a proxy. */
export function stickiness(
  {oneWaySms}: Pick<Topology, 'oneWaySms'>,
  {services, sticky}: Pick<BalancedName, 'services' | 'sticky'>,
): Pick<Balanced, 'sticky' | 'because'> {
  const isRadius = services.includes('radius')
  if (services.includes('user-portal') || services.includes('mobile-app'))
    return sticky === 'none' ? {sticky: 'cookie', because: 'H8'} : {sticky}
  if (oneWaySms && (isRadius || services.includes('web-service-sdk')) && (sticky === 'none' || isRadius))
    return sticky === 'source-address' ? {sticky} : {sticky: 'source-address', because: 'H7'}
  // RADIUS has no cookies.
  return {sticky: isRadius && sticky === 'cookie' ? 'source-address' : sticky}
}

function healthPath({paths}: Topology, {services}: BalancedName): string | undefined {
  if (services.includes('user-portal')) return paths.userPortal
  if (services.includes('mobile-app')) return paths.mobileApp
  return services.includes('web-service-sdk') ? paths.webServiceSdk : undefined
}

export const isIp = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':')

/** `192.0.2.1:443`, `[2001:db8::1]:443`. */
export const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
