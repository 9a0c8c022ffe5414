/** `contoso.com` out of `CN=Jo,OU=Sales,DC=contoso,DC=com`; undefined where there is no DC. */
export function dnsDomain(distinguishedName: string): string | undefined {
  const labels = parts(distinguishedName).flatMap((part) => /^DC=(.+)$/i.exec(part)?.[1] ?? [])
  return labels.length === 0 ? undefined : labels.join('.').toLowerCase()
}

/** One way to write a distinguished name, to compare it by. */
export const canonicalName = (distinguishedName: string): string =>
  parts(distinguishedName).join(',').toLowerCase()

/** Whether an object is the base or somewhere below it. */
export function isWithin(distinguishedName: string, base: string): boolean {
  if (base === '') return true
  const [object, above] = [parts(distinguishedName.toLowerCase()), parts(base.toLowerCase())]
  return above.length <= object.length && above.every((part, at) => part === object.at(at - above.length))
}

/** A comma inside a value is escaped. */
const parts = (distinguishedName: string): readonly string[] =>
  distinguishedName.split(/(?<!\\),/).map((part) => part.trim())

/** Domains of the forest, DNS name → NetBIOS name. */
export type NetbiosNames = ReadonlyMap<string, string>

/** DNS name and NetBIOS name of the domain that an object is in; its first label where the NetBIOS name is not known. */
export function domainsOf(distinguishedName: string, netbios: NetbiosNames): readonly string[] {
  const dns = dnsDomain(distinguishedName)
  if (dns === undefined) return []
  const [label = dns] = dns.split('.')
  return [dns, netbios.get(dns) ?? label]
}

/** What stands behind a search reference: `ldap://child.contoso.com/DC=child,DC=contoso,DC=com`. */
export interface Reference {
  readonly host: string
  readonly base: string
}

/** Undefined for what cannot be read, and for partitions that hold no users (configuration, schema, DNS zones). */
export function reference(uri: string): Reference | undefined {
  const [, host = '', path = ''] = /^ldaps?:\/\/([^/:]+)(?::\d+)?\/([^?]*)/i.exec(uri) ?? []
  const base = decoded(path)
  if (host === '' || base === undefined || base === '') return undefined
  return /^(CN=(Configuration|Schema)|DC=(Forest|Domain)DnsZones)\b/i.test(base)
    ? undefined
    : {host: host.toLowerCase(), base}
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
