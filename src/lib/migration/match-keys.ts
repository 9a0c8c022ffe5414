import type {EntraIdentity} from '../model/entra-user.js'
import {foldCase} from '../model/fold-case.js'
import type {ServerIdentity} from '../model/server-user.js'
import type {LookedUpIdentity} from '../ports/directory-lookup.js'
import type {MatchOptions} from './plan.js'

/** A Username of the server, taken apart. */
export type ServerName =
  | {readonly form: 'upn'; readonly upn: string}
  | {readonly form: 'domain'; readonly domain: string; readonly sam: string}
  | {readonly form: 'plain'; readonly sam: string}

/** `DOMAIN\name`, `name@suffix` or a plain `name`; all parts folded. */
export function serverName(username: string): ServerName | undefined {
  const folded = foldCase(username)
  const slash = folded.indexOf('\\')
  if (slash >= 0) {
    const domain = folded.slice(0, slash)
    const sam = folded.slice(slash + 1)
    return domain === '' || sam === '' ? undefined : {form: 'domain', domain, sam}
  }
  if (folded.includes('@')) return {form: 'upn', upn: folded}
  return folded === '' ? undefined : {form: 'plain', sam: folded}
}

/** A NetBIOS name of the map becomes its DNS domain; anything else only folds. */
export function canonicalDomain(domain: string, options: MatchOptions): string {
  return mappedDomain(foldCase(domain), options) ?? foldCase(domain)
}

function mappedDomain(folded: string, options: MatchOptions): string | undefined {
  for (const [name, dns] of Object.entries(options.netbios))
    if (foldCase(name) === folded) return foldCase(dns)
  return undefined
}

/**
 * The domain that a plain name is known to be in: `defaultDomain`, which speaks for every plain name; or the only
 * domain of the NetBIOS map, which settles a name that several domains have.
 */
export function plainNameDomain(
  options: MatchOptions,
): {readonly domain: string; readonly only: boolean} | undefined {
  if (options.defaultDomain) return {domain: canonicalDomain(options.defaultDomain, options), only: true}
  const [domain, ...more] = new Set(Object.values(options.netbios).map(foldCase))
  return domain === undefined || more.length > 0 ? undefined : {domain, only: false}
}

/** Whether a member is in the domain: its whole DNS name, or the first label as the NetBIOS name. */
export function isInDomain(member: EntraIdentity, domain: string, options: MatchOptions): boolean {
  return memberDomains(member, options).includes(canonicalDomain(domain, options))
}

function memberDomains(member: EntraIdentity, options: MatchOptions): readonly string[] {
  if (!member.onPremisesDomainName) return []
  const dns = foldCase(member.onPremisesDomainName)
  const label = dns.split('.', 1)[0] ?? dns
  // A mapped NetBIOS name means its mapped domain and no other; server names in it carry the DNS name already.
  return label === '' || label === dns || mappedDomain(label, options) !== undefined ? [dns] : [dns, label]
}

/** The SID of a server user, its own or the one that Active Directory gave; folded. */
export function serverSid(server: LookedUpIdentity): string | undefined {
  const sid = server.sid || server.directorySid
  return sid ? foldCase(sid) : undefined
}

/** As `serverSid`; where Active Directory has several accounts for the server user, all of theirs. */
export function serverSids(server: LookedUpIdentity): readonly string[] {
  const sid = serverSid(server)
  return sid === undefined ? (server.directorySids ?? []).map(foldCase) : [sid]
}

/** Keys under which a server user is found: it can match a member only if they share one (U2). */
export function serverMatchKeys(server: ServerIdentity, options: MatchOptions): readonly string[] {
  const keys = new Set<string>()
  if (server.userPrincipalName) keys.add(upnKey(foldCase(server.userPrincipalName)))
  for (const key of usernameKeys(server.username, options)) keys.add(key)
  for (const sid of serverSids(server)) keys.add(sidKey(sid))
  if (server.key !== server.username) keys.add(sourceKeyKey(server.key))
  return [...keys]
}

/** Keys of a member, for the same bag. */
export function memberMatchKeys(member: EntraIdentity, options: MatchOptions): readonly string[] {
  const keys = [upnKey(foldCase(member.userPrincipalName))]
  if (member.onPremisesSecurityIdentifier) keys.push(sidKey(foldCase(member.onPremisesSecurityIdentifier)))
  if (member.onPremisesSamAccountName) {
    const sam = foldCase(member.onPremisesSamAccountName)
    for (const domain of memberDomains(member, options)) keys.push(nameKey(domain, sam))
    if (!options.defaultDomain) keys.push(plainKey(sam))
  }
  return keys
}

/** Keys under which the server user of a mapping line is stored, if there is one: by Username, or by its source key. */
export function mappingKeys(username: string, options: MatchOptions): readonly string[] {
  return [...usernameKeys(username, options), sourceKeyKey(username)]
}

function usernameKeys(username: string, options: MatchOptions): readonly string[] {
  const name = serverName(username)
  if (name === undefined) return []
  switch (name.form) {
    case 'upn':
      return [upnKey(name.upn)]
    case 'domain':
      return [nameKey(canonicalDomain(name.domain, options), name.sam)]
    case 'plain':
      return options.defaultDomain
        ? [nameKey(canonicalDomain(options.defaultDomain, options), name.sam)]
        : [plainKey(name.sam)]
    default:
      return name satisfies never
  }
}

const upnKey = (upn: string): string => `upn:${upn}`
const sidKey = (sid: string): string => `sid:${sid}`
const nameKey = (domain: string, sam: string): string => `name:${domain}\\${sam}`
const plainKey = (sam: string): string => `plain:${sam}`
/** Source keys differ from Usernames only where a Username is not unique. */
const sourceKeyKey = (key: string): string => `key:${key}`
