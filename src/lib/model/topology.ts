import type {CloudName} from './cloud.js'

/** Parts of MFA Server that sit on web servers. */
export const WEB_COMPONENTS = ['web-service-sdk', 'user-portal', 'mobile-app'] as const
export type WebComponent = (typeof WEB_COMPONENTS)[number]

/** What a balanced name may carry. */
export const BALANCED_SERVICES = [...WEB_COMPONENTS, 'radius', 'adfs', 'adfs-proxy'] as const
export type BalancedService = (typeof BALANCED_SERVICES)[number]

export const STICKY = ['none', 'cookie', 'source-address'] as const
export type Sticky = (typeof STICKY)[number]

/** A machine as the topology names it; names are unique over all machines and balanced names. */
export interface Machine {
  readonly name: string
  /** DNS name, or an address. */
  readonly host: string
  /** What generated configuration connects to instead of `host`. */
  readonly address?: string | undefined
  readonly httpsPort: number
}

/** An MFA server. `domain` is a DNS domain, or `standalone`. */
export interface MfaServer extends Machine {
  readonly role: 'primary' | 'subordinate'
  readonly domain: string
  readonly components: readonly WebComponent[]
  readonly network: 'internal' | 'perimeter'
  readonly radiusPort: number
  /** The DWORD `Pfsvc_ncan_ip_tcp_port` of this server, if it is set (H5). */
  readonly staticPort?: number | undefined
  /** Hosts that the server may reach by HTTPS; `*.example.com` takes every name below it (H14). */
  readonly outboundHttps?: 'any' | readonly string[] | undefined
  readonly upgrading: boolean
  readonly visualCpp2015?: readonly ('x86' | 'x64')[] | undefined
  readonly certificateThumbprint?: string | undefined
}

/** A machine with the user portal or the mobile app web service, and without an MFA server (H9). */
export interface WebServer extends Machine {
  readonly components: readonly ('user-portal' | 'mobile-app')[]
  readonly network: 'internal' | 'perimeter'
  /** The balanced name of the Web Service SDK through which it reaches the MFA servers. */
  readonly usesSdk?: string | undefined
}

export interface AdfsServer extends Machine {
  /** What the MFA adapter of this AD FS server is set to. */
  readonly sdkUrl?: string | undefined
}

/** Where an answer says which server gave it: a header, or the first group of a pattern found in the body. */
export type ServerMark = {readonly header: string} | {readonly body: string}

export interface BalancedName {
  readonly name: string
  readonly host: string
  /** What the generated load balancer listens on; every address unless set. */
  readonly address?: string | undefined
  readonly port: number
  readonly services: readonly BalancedService[]
  readonly members: readonly string[]
  readonly outOfRotation: readonly string[]
  readonly sticky: Sticky
  readonly internet: boolean
  readonly publishedThrough: readonly string[]
  readonly mark?: ServerMark | undefined
  /** PEM files for a load balancer that ends TLS itself. */
  readonly tls?: {readonly certificate?: string | undefined; readonly ca?: string | undefined} | undefined
}

export interface RadiusClient {
  readonly name: string
  /** In the order in which the client tries them. */
  readonly targets: readonly string[]
  /** Until it sends again. */
  readonly timeoutSeconds?: number | undefined
  readonly retries?: number | undefined
}

/** What clients do that nothing is said of: send three times, five seconds apart. */
export const radiusPatience = ({timeoutSeconds = 5, retries = 2}: RadiusClient) => ({timeoutSeconds, retries})

/** An on-premises deployment of Azure MFA Server, as its administrators describe it. */
export interface Topology {
  readonly name: string
  readonly cloud: CloudName
  readonly oneWaySms: boolean
  readonly servers: readonly MfaServer[]
  readonly webServers: readonly WebServer[]
  readonly proxies: readonly Machine[]
  readonly adfs?: {readonly published: boolean; readonly servers: readonly AdfsServer[]} | undefined
  readonly balancedNames: readonly BalancedName[]
  readonly radius?: {readonly clients: readonly RadiusClient[]; readonly answerSeconds: number} | undefined
  readonly replication: {
    readonly firewallBetweenServers: boolean
    /** What the firewall between the servers lets through: ports, and ranges such as `49152-65535`. */
    readonly openPorts?: readonly (number | string)[] | undefined
  }
  readonly promotion?:
    {readonly mode: 'manual' | 'automatic'; readonly candidate?: string | undefined} | undefined
  readonly migration?:
    {readonly server: string; readonly certificateThumbprint?: string | undefined} | undefined
  readonly paths: {readonly webServiceSdk: string; readonly userPortal: string; readonly mobileApp: string}
}

/** Way to a value in the file: `['servers', 1, 'staticPort']`. */
export type TopologyPath = readonly (string | number)[]

/** `servers[1].staticPort` */
export const fieldName = (path: TopologyPath): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')

/** A topology with the place in its file of everything that was said. */
export interface TopologyFile {
  readonly path: string
  readonly topology: Topology
  /** The line of a value, or of the nearest thing around it that is in the file. Counts from 1. */
  readonly lineOf: (path: TopologyPath) => number
}
