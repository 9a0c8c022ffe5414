import {
  EqualityFilter,
  type Entry,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  PresenceFilter,
  ResultCodeError,
} from 'ldapts'
import type {Connection} from './connection.js'
import {misconfigured} from './failure.js'
import type {NetbiosNames} from './naming.js'

/** What has to be known of a directory before anybody is looked up in it. */
export interface Survey {
  readonly base: string
  readonly netbios: NetbiosNames
  readonly warnings: readonly string[]
}

/** Result code of a base that another directory holds. */
const REFERRAL = 10
const GLOBAL_CATALOG = /:(3268|3269)\/?$/
/** Attribute syntaxes whose values are text or numbers. */
const TEXT = new Set(['2.5.5.12', '2.5.5.5', '2.5.5.4', '2.5.5.3', '2.5.5.6', '2.5.5.9'])

/**
 * Looks at base and attribute, so that a wrong one is not taken for "nobody is there": Active Directory finds nothing
 * by an attribute that it does not have, and says no more. Throws MfaError `usage`.
 */
export async function survey(
  connection: Connection,
  wanted: {readonly base: string | undefined; readonly attribute: string},
  signal: AbortSignal,
): Promise<Survey> {
  const [root] = (await connection.search('', {scope: 'base'}, signal)).entries
  const base = wanted.base ?? (isCatalog(connection) ? '' : text(root, 'defaultNamingContext'))
  if (base === undefined)
    throw misconfigured(`${connection.url} names no base to search below`, 'Give it with --ad-base.')
  if (base !== '') await checkBase(connection, base, texts(root, 'namingContexts'), signal)
  const warnings = await checkAttribute(
    connection,
    text(root, 'schemaNamingContext'),
    wanted.attribute,
    signal,
  )
  const netbios = await netbiosNames(connection, text(root, 'configurationNamingContext'), signal)
  return {base, netbios, warnings}
}

const isCatalog = ({url}: Connection): boolean => GLOBAL_CATALOG.test(url)

async function checkBase(
  connection: Connection,
  base: string,
  contexts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const domains = contexts.filter((each) => /^DC=(?!(Forest|Domain)DnsZones)/i.test(each))
  const fix = `Give a distinguished name below ${domains.length === 0 ? 'the domain' : domains.join(' or ')} with --ad-base.`
  try {
    const {entries} = await connection.search(base, {scope: 'base', attributes: ['objectClass']}, signal)
    if (entries.length === 0) throw misconfigured(`--ad-base ${base} is not there, or may not be read`, fix)
  } catch (error) {
    if (error instanceof NoSuchObjectError)
      throw misconfigured(`--ad-base ${base} is not in this directory`, fix)
    if (error instanceof InvalidDNSyntaxError)
      throw misconfigured(`--ad-base ${base} is not a distinguished name`, fix)
    if (error instanceof ResultCodeError && error.code === REFERRAL)
      throw misconfigured(`--ad-base ${base} belongs to another directory than ${connection.url}`, fix)
    throw error
  }
}

async function checkAttribute(
  connection: Connection,
  schema: string | undefined,
  attribute: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const unknown = `The schema cannot be read, so nobody can tell whether there is an attribute ${attribute}; with a wrong name nobody is found.`
  if (schema === undefined) return [unknown]
  const attributes = ['lDAPDisplayName', 'attributeSyntax', 'searchFlags', 'isMemberOfPartialAttributeSet']
  const filter = new EqualityFilter({attribute: 'lDAPDisplayName', value: attribute})
  const find = async (by: EqualityFilter) =>
    (await connection.search(schema, {scope: 'one', filter: by, attributes}, signal)).entries
  const [entry] = await find(filter)
  if (entry === undefined) {
    const any = await find(new EqualityFilter({attribute: 'lDAPDisplayName', value: 'sAMAccountName'}))
    if (any.length === 0) return [unknown]
    throw misconfigured(
      `--ad-attribute ${attribute}: Active Directory has no such attribute`,
      'Give its LDAP name, such as mail, employeeID, extensionAttribute1, sAMAccountName or userPrincipalName.',
    )
  }
  if (!TEXT.has(text(entry, 'attributeSyntax') ?? ''))
    throw misconfigured(
      `--ad-attribute ${attribute} holds no text that a user name could be compared with`,
      'Give an attribute such as mail, employeeID, extensionAttribute1, sAMAccountName or userPrincipalName.',
    )
  if (isCatalog(connection) && text(entry, 'isMemberOfPartialAttributeSet') !== 'TRUE')
    throw misconfigured(
      `--ad-attribute ${attribute} is not in the global catalog (${connection.url})`,
      'Ask the domain controller itself: port 636, or 389 for StartTLS.',
    )
  const indexed = (Number(text(entry, 'searchFlags') ?? 0) & 1) === 1
  return indexed ? [] : [`Active Directory has no index on ${attribute}: looking users up may take long.`]
}

/** Unreadable partitions are no fault: the first label of the domain stands in for the NetBIOS name. */
async function netbiosNames(
  connection: Connection,
  configuration: string | undefined,
  signal: AbortSignal,
): Promise<NetbiosNames> {
  if (configuration === undefined) return new Map()
  try {
    const {entries} = await connection.search(
      `CN=Partitions,${configuration}`,
      {
        scope: 'one',
        filter: new PresenceFilter({attribute: 'nETBIOSName'}),
        attributes: ['nETBIOSName', 'dnsRoot'],
      },
      signal,
    )
    return new Map(
      entries.flatMap((entry) => {
        const [dns, name] = [text(entry, 'dnsRoot'), text(entry, 'nETBIOSName')]
        return dns === undefined || name === undefined ? [] : [[dns.toLowerCase(), name] as const]
      }),
    )
  } catch (error) {
    if (error instanceof ResultCodeError) return new Map()
    throw error
  }
}

export function texts(entry: Entry | undefined, name: string): readonly string[] {
  const key = Object.keys(entry ?? {}).find((each) => each.toLowerCase() === name.toLowerCase())
  return [key === undefined ? [] : (entry?.[key] ?? [])].flat().map(String)
}

const text = (entry: Entry | undefined, name: string): string | undefined => texts(entry, name)[0]
