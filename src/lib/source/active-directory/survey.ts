import {EqualityFilter, InvalidDNSyntaxError, NoSuchObjectError} from 'ldapts'
import type {Connection} from './connection.js'
import {text, texts} from './entries.js'
import {misconfigured, Referred} from './failure.js'
import {addressesOf, domainOf, domainsBelow, type Partition, partitionsOf} from './forest.js'

/** What has to be known of a directory before anybody is looked up in it. */
export interface Survey {
  readonly base: string
  readonly partitions: readonly Partition[]
  /** The other domain of the forest that the base is in; undefined: the controller holds the base itself. */
  readonly owner: Elsewhere | undefined
  /** Other domains of the forest below the base. */
  readonly below: readonly Elsewhere[]
  readonly warnings: readonly string[]
}

/** A domain that the controller knows of and does not hold. */
export interface Elsewhere {
  readonly domain: Partition
  /** Where it can be asked; looked for only if it is to be. */
  readonly urls: readonly string[]
}

const GLOBAL_CATALOG = /:(3268|3269)\/?$/
/** Attribute syntaxes whose values are text or numbers. */
const TEXT = new Set(['2.5.5.12', '2.5.5.5', '2.5.5.4', '2.5.5.3', '2.5.5.6', '2.5.5.9'])

/**
 * Looks at base and attribute, so that a wrong one is not taken for "nobody is there": Active Directory finds nothing
 * by an attribute that it does not have, and says no more. Throws MfaError `usage`.
 */
export async function survey(
  connection: Connection,
  wanted: {readonly base: string | undefined; readonly attribute: string; readonly follow: boolean},
  signal: AbortSignal,
): Promise<Survey> {
  const [root] = (await connection.search('', {scope: 'base'}, signal)).entries
  const base = wanted.base ?? (isCatalog(connection) ? '' : text(root, 'defaultNamingContext'))
  if (base === undefined)
    throw misconfigured(`${connection.url} names no base to search below`, 'Give it with --ad-base.')
  const configuration = text(root, 'configurationNamingContext')
  const partitions = await partitionsOf(connection, configuration, signal)
  const held = texts(root, 'namingContexts')
  const isHeld = base === '' || (await holds(connection, base, {held, partitions}, signal))
  const elsewhere = async (domain: Partition): Promise<Elsewhere> => ({
    domain,
    urls: wanted.follow ? await addressesOf(connection, domain, configuration, signal) : [],
  })
  const owner = isHeld ? undefined : domainOf(base, partitions)
  // The global catalog has the users of all domains.
  const below = isCatalog(connection) ? [] : domainsBelow(base, partitions, held)
  const warnings = await checkAttribute(
    connection,
    text(root, 'schemaNamingContext'),
    wanted.attribute,
    signal,
  )
  return {
    base,
    partitions,
    owner: owner && (await elsewhere(owner)),
    below: await sequentially(
      below.filter((each) => each !== owner),
      elsewhere,
    ),
    warnings,
  }
}

const isCatalog = ({url}: Connection): boolean => GLOBAL_CATALOG.test(url)

/** False where another domain of the forest holds the base. Throws MfaError `usage` where nobody does. */
async function holds(
  connection: Connection,
  base: string,
  {held, partitions}: {readonly held: readonly string[]; readonly partitions: readonly Partition[]},
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await checkBase(connection, base, signal)
    return true
  } catch (error) {
    if (error instanceof InvalidDNSyntaxError)
      throw misconfigured(`--ad-base ${base} is not a distinguished name`, fixBase(held))
    if (!(error instanceof NoSuchObjectError || error instanceof Referred)) throw error
    const owner = domainOf(base, partitions)
    if (owner !== undefined && domainsBelow('', [owner], held).length > 0) return false
    if (error instanceof NoSuchObjectError)
      throw misconfigured(`--ad-base ${base} is not in this directory`, fixBase(held))
    const [where = ''] = error.uris
    throw misconfigured(
      `--ad-base ${base} belongs to another directory than ${connection.url}${where === '' ? '' : ` (${where})`}`,
      fixBase(held),
    )
  }
}

/** Throws MfaError `usage` where the base may not be read, else what `search` throws. */
export async function checkBase(connection: Connection, base: string, signal: AbortSignal): Promise<void> {
  const {entries} = await connection.search(base, {scope: 'base', attributes: ['objectClass']}, signal)
  if (entries.length === 0)
    throw misconfigured(
      `${base} is not there, or may not be read (${connection.url})`,
      'Check --ad-base, and what the account may read.',
    )
}

function fixBase(held: readonly string[]): string {
  const domains = held.filter((each) => /^DC=(?!(Forest|Domain)DnsZones)/i.test(each))
  return `Give a distinguished name below ${domains.length === 0 ? 'the domain' : domains.join(' or ')} with --ad-base.`
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

async function sequentially<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (const item of items) results.push(await work(item))
  return results
}
