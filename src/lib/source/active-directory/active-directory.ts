import {AndFilter, type Entry, EqualityFilter, OrFilter} from 'ldapts'
import {foldCase} from '../../model/fold-case.js'
import type {Clock} from '../../ports/clock.js'
import type {DirectoryAccount, DirectoryLookup} from '../../ports/directory-lookup.js'
import {trustedCas} from '../web-service-sdk/tls-context.js'
import {type Account, connectTo, type Connection, type ConnectOptions} from './connection.js'
import {Controllers} from './controllers.js'
import {texts} from './entries.js'
import {misconfigured} from './failure.js'
import {netbiosNames} from './forest.js'
import {domainsOf, type NetbiosNames} from './naming.js'
import {type Place, Places} from './places.js'
import {sidText} from './sid.js'

export interface ActiveDirectoryOptions {
  /** `ldaps://…`, or `ldap://…` for StartTLS; in the order in which they are tried. */
  readonly urls: readonly string[]
  /** Undefined: the directory's own default. */
  readonly base?: string | undefined
  readonly attribute: string
  /** Undefined: anonymous. */
  readonly account?: Account | undefined
  /** PEM; trusted in addition to what the system trusts. */
  readonly caFile?: string | undefined
  readonly clock: Clock
  readonly warn: (text: string) => void
  readonly connectTimeoutMs?: number | undefined
  readonly answerTimeoutMs?: number | undefined
  /** Values asked for together; default 200. */
  readonly together?: number | undefined
  /** Entries a page; default 500. Active Directory gives 1000 at most. */
  readonly pageSize?: number | undefined
  /** Whether other domains of the forest are asked, with the same account, or told of; default `report`. */
  readonly referrals?: 'follow' | 'report' | undefined
}

/**
 * Active Directory over LDAPS or StartTLS; never in the clear. Connects, signs in and looks at base and attribute before
 * it resolves, so that wrong settings end a command before anything has happened.
 */
export async function openActiveDirectory(
  options: ActiveDirectoryOptions,
  signal: AbortSignal,
): Promise<DirectoryLookup> {
  const {attribute, clock, warn} = options
  const connection: ConnectOptions = {
    account: options.account,
    ca: trustedCas(options.caFile, '--ad-ca'),
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    answerTimeoutMs: options.answerTimeoutMs ?? 120_000,
    pageSize: options.pageSize ?? 500,
  }
  const connect = (url: string, until: AbortSignal): Promise<Connection> => connectTo(url, connection, until)
  const places = await Places.open(
    options.urls,
    {
      base: options.base,
      attribute,
      follow: options.referrals === 'follow',
      warn,
      controllers: (urls) => new Controllers({urls, clock, warn, connect}),
    },
    signal,
  )
  for (const text of places.survey.warnings) warn(text)
  const netbios = netbiosNames(places.survey.partitions)

  /** From the beginning each time: what a broken answer has brought is not used. */
  async function ask(values: readonly string[], {base, controllers}: Place, until: AbortSignal) {
    const wanted = {
      scope: 'sub' as const,
      filter: usersWith(attribute, values),
      attributes: ['objectSid', attribute],
      explicitBufferAttributes: ['objectSid'],
    }
    return controllers.use(async (asked) => {
      const found = new AccountsByValue(attribute, netbios)
      const references: string[] = []
      for await (const page of asked.pages(base, wanted, until)) {
        found.add(page.entries)
        references.push(...page.references)
      }
      return {found, references}
    }, until)
  }

  return {
    attribute,
    unasked: () => places.unasked,
    async find(values, until) {
      const all = new Map<string, DirectoryAccount[]>()
      for (const chunk of chunks(values, options.together ?? 200)) {
        for (const place of places.all) {
          const {found, references} = await ask(chunk, place, until)
          places.note(references)
          for (const value of chunk) {
            const accounts = found.of(value)
            if (accounts.length > 0) all.set(value, [...(all.get(value) ?? []), ...accounts])
          }
        }
      }
      return all
    },
    close: () => places.close(),
  }
}

/** Values stand in the filter as they are, byte for byte: `*`, `(` or `\` in them is no pattern. */
function usersWith(attribute: string, values: readonly string[]): AndFilter {
  const equals = (name: string, value: string) => new EqualityFilter({attribute: name, value})
  return new AndFilter({
    filters: [
      equals('objectCategory', 'person'),
      equals('objectClass', 'user'),
      new OrFilter({filters: values.map((value) => equals(attribute, value))}),
    ],
  })
}

/** Accounts that share a value before it is taken for none that tells people apart. */
const MANY = 1000

/**
 * Active Directory compares without regard to accents too (`Zoe` finds `Zoë`): an account counts only for a value that
 * it has but for the letter case.
 */
class AccountsByValue {
  readonly #attribute: string
  readonly #netbios: NetbiosNames
  readonly #accounts = new Map<string, DirectoryAccount[]>()

  constructor(attribute: string, netbios: NetbiosNames) {
    this.#attribute = attribute
    this.#netbios = netbios
  }

  /** Throws MfaError `usage` when too many have one value. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const sid = Buffer.isBuffer(entry['objectSid']) ? sidText(entry['objectSid']) : undefined
      if (sid === undefined) continue
      const account = {distinguishedName: entry.dn, sid, domains: domainsOf(entry.dn, this.#netbios)}
      for (const value of texts(entry, this.#attribute)) this.#addFor(value, account)
    }
  }

  of(value: string): readonly DirectoryAccount[] {
    return this.#accounts.get(foldCase(value)) ?? []
  }

  #addFor(value: string, account: DirectoryAccount): void {
    const accounts = this.#accounts.get(foldCase(value))
    if (accounts === undefined) this.#accounts.set(foldCase(value), [account])
    else if (accounts.at(-1) !== account) accounts.push(account)
    if (accounts !== undefined && accounts.length > MANY)
      throw misconfigured(
        `Active Directory has more than ${MANY} users whose ${this.#attribute} is "${value}"`,
        'Give --ad-attribute the name of an attribute that tells people apart.',
      )
  }
}

function* chunks(values: readonly string[], size: number): Generator<readonly string[]> {
  for (let at = 0; at < values.length; at += size) yield values.slice(at, at + size)
}
