import {AndFilter, EqualityFilter, PresenceFilter, ResultCodeError} from 'ldapts'
import type {Connection} from './connection.js'
import {text} from './entries.js'
import {canonicalName, dnsDomain, isWithin, type NetbiosNames} from './naming.js'

/** A part of the forest's directory, as the directory itself lists it (crossRef). */
export interface Partition {
  readonly base: string
  /** DNS name of the domain. */
  readonly dns: string
  readonly netbios: string | undefined
  /** Where it can be asked: its DNS name as a rule, or `host:port`. */
  readonly host: string
  /** `other`: a part of this forest that is no domain, and holds no user accounts. `foreign`: of another directory. */
  readonly kind: 'domain' | 'other' | 'foreign'
}

/** [MS-ADTS] systemFlags of a crossRef: FLAG_CR_NTDS_NC, a part of this forest, and FLAG_CR_NTDS_DOMAIN. */
const OWN = 1
const DOMAIN = 2

/** Empty where the list may not be read: then nothing is known to belong to the forest. */
export async function partitionsOf(
  connection: Connection,
  configuration: string | undefined,
  signal: AbortSignal,
): Promise<readonly Partition[]> {
  if (configuration === undefined) return []
  const wanted = {
    scope: 'one' as const,
    filter: new PresenceFilter({attribute: 'nCName'}),
    attributes: ['nCName', 'dnsRoot', 'nETBIOSName', 'systemFlags'],
  }
  try {
    const {entries} = await connection.search(`CN=Partitions,${configuration}`, wanted, signal)
    return entries.flatMap((entry) => {
      const base = text(entry, 'nCName') ?? ''
      const dns = dnsDomain(base)
      if (dns === undefined) return []
      const kind = kindOf(Number(text(entry, 'systemFlags') ?? 0))
      return [{base, dns, netbios: text(entry, 'nETBIOSName'), host: text(entry, 'dnsRoot') ?? dns, kind}]
    })
  } catch (error) {
    if (error instanceof ResultCodeError) return []
    throw error
  }
}

function kindOf(flags: number): Partition['kind'] {
  if ((flags & OWN) === 0) return 'foreign'
  return (flags & DOMAIN) === 0 ? 'other' : 'domain'
}

export const netbiosNames = (partitions: readonly Partition[]): NetbiosNames =>
  new Map(partitions.flatMap(({dns, netbios}) => (netbios === undefined ? [] : [[dns, netbios] as const])))

/** The domain that an object is in. */
export const domainOf = (
  distinguishedName: string,
  partitions: readonly Partition[],
): Partition | undefined =>
  partitions
    .filter(({base, kind}) => kind === 'domain' && isWithin(distinguishedName, base))
    .toSorted((one, other) => other.base.length - one.base.length)[0]

/** Domains below the base that the controller does not hold itself. */
export function domainsBelow(
  base: string,
  partitions: readonly Partition[],
  held: readonly string[],
): readonly Partition[] {
  const own = new Set(held.map(canonicalName))
  return partitions.filter(
    (each) => each.kind === 'domain' && isWithin(each.base, base) && !own.has(canonicalName(each.base)),
  )
}

/** More than these are not tried for one domain. */
const CONTROLLERS = 3

/**
 * Addresses of a domain of the forest, in the order to try: as the forest names the domain, then some of its domain
 * controllers by their own names, since many a certificate has only these. A name outside of the domain is left out.
 * `via` is the controller that told of it: its protocol and its port are used there too, so it is TLS.
 */
export async function addressesOf(
  connection: Connection,
  {dns, host}: Partition,
  configuration: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const hosts = [host, ...(await controllerNames(connection, dns, configuration, signal))]
  const {protocol, port} = new URL(connection.url)
  return [...new Set(hosts.filter((each) => HOST.test(each)).map((each) => each.toLowerCase()))].map(
    (each) => `${protocol}//${each}${each.includes(':') || port === '' ? '' : `:${port}`}`,
  )
}

const HOST = /^[a-z0-9.-]+(:\d{1,5})?$/i

async function controllerNames(
  connection: Connection,
  dns: string,
  configuration: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (configuration === undefined) return []
  const filter = new AndFilter({
    filters: [
      new EqualityFilter({attribute: 'objectClass', value: 'server'}),
      new PresenceFilter({attribute: 'dNSHostName'}),
    ],
  })
  try {
    const {entries} = await connection.search(
      `CN=Sites,${configuration}`,
      {scope: 'sub', filter, attributes: ['dNSHostName', 'serverReference']},
      signal,
    )
    return entries
      .filter((entry) => dnsDomain(text(entry, 'serverReference') ?? '') === dns)
      .flatMap((entry) => text(entry, 'dNSHostName')?.toLowerCase() ?? [])
      .filter((name) => name.endsWith(`.${dns}`))
      .toSorted()
      .slice(0, CONTROLLERS)
  } catch (error) {
    if (error instanceof ResultCodeError) return []
    throw error
  }
}
