import {AndFilter, type Entry, EqualityFilter, OrFilter, SizeLimitExceededError} from 'ldapts'
import {foldCase} from '../../model/fold-case.js'
import type {Clock} from '../../ports/clock.js'
import type {DirectoryAccount, DirectoryLookup} from '../../ports/directory-lookup.js'
import {trustedCas} from '../web-service-sdk/tls-context.js'
import {type Account, connectTo, type Connection} from './connection.js'
import {Controllers} from './controllers.js'
import {DirectoryFailure, misconfigured} from './failure.js'
import {inHalves, TOO_LARGE} from './halves.js'
import {domainsOf, reference} from './naming.js'
import {sidText} from './sid.js'
import {survey, texts, type Survey} from './survey.js'

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
}

/**
 * Active Directory over LDAPS or StartTLS; never in the clear. Connects, signs in and looks at base and attribute before
 * it resolves, so that wrong settings end a command before anything has happened.
 */
export async function openActiveDirectory(
  options: ActiveDirectoryOptions,
  signal: AbortSignal,
): Promise<DirectoryLookup> {
  const {account, attribute, clock, warn, connectTimeoutMs = 10_000, answerTimeoutMs = 120_000} = options
  const ca = trustedCas(options.caFile, '--ad-ca')
  const connect = (url: string, until: AbortSignal): Promise<Connection> =>
    connectTo(url, {account, ca, connectTimeoutMs, answerTimeoutMs}, until)
  const controllers = new Controllers({urls: options.urls, clock, warn, connect})
  const known = await controllers
    .use((connection) => survey(connection, {base: options.base, attribute}, signal), signal)
    .catch(async (error: unknown) => {
      // An open connection would keep the process alive.
      await controllers.close()
      throw error
    })
  for (const text of known.warnings) warn(text)
  const elsewhere = new Elsewhere(warn)

  async function ask(
    values: readonly string[],
    until: AbortSignal,
  ): Promise<readonly Entry[] | typeof TOO_LARGE> {
    const wanted = {
      scope: 'sub' as const,
      filter: usersWith(attribute, values),
      attributes: ['objectSid', attribute],
      explicitBufferAttributes: ['objectSid'],
    }
    try {
      const {entries, references} = await controllers.use(
        (connection) => connection.search(known.base, wanted, until),
        until,
      )
      elsewhere.note(references)
      return entries
    } catch (error) {
      if (isTooLarge(error)) return TOO_LARGE
      throw error
    }
  }

  return {
    attribute,
    async find(values, until) {
      const found = new Map<string, DirectoryAccount[]>()
      for (const chunk of chunks(values, options.together ?? 200)) {
        const {found: entries, tooLarge} = await inHalves(chunk, (some) => ask(some, until))
        const [value] = tooLarge
        if (value !== undefined)
          throw misconfigured(
            `Active Directory has more users than it will list whose ${attribute} is "${value}"`,
            'Give --ad-attribute the name of an attribute that tells people apart.',
          )
        const byValue = accountsByValue(entries, attribute, known)
        for (const each of chunk) {
          const accounts = byValue.get(foldCase(each))
          if (accounts !== undefined) found.set(each, accounts)
        }
      }
      return found
    },
    close: () => controllers.close(),
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

/**
 * Active Directory compares without regard to accents too (`Zoe` finds `Zoë`): an account counts only for a value that
 * it has but for the letter case.
 */
function accountsByValue(
  entries: readonly Entry[],
  attribute: string,
  {netbios}: Survey,
): ReadonlyMap<string, DirectoryAccount[]> {
  const byValue = new Map<string, DirectoryAccount[]>()
  for (const entry of entries) {
    const sid = Buffer.isBuffer(entry['objectSid']) ? sidText(entry['objectSid']) : undefined
    if (sid === undefined) continue
    const account = {distinguishedName: entry.dn, sid, domains: domainsOf(entry.dn, netbios)}
    for (const value of new Set(texts(entry, attribute).map(foldCase)))
      byValue.set(value, [...(byValue.get(value) ?? []), account])
  }
  return byValue
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof DirectoryFailure &&
  error.cause.cause instanceof SizeLimitExceededError

/** Other directories that the answers point to. They are not asked: the password is for those that were named. */
class Elsewhere {
  readonly #told = new Set<string>()
  readonly #warn: (text: string) => void

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  note(references: readonly string[]): void {
    for (const uri of references) {
      const found = reference(uri)
      if (found === undefined || this.#told.has(found.base)) continue
      this.#told.add(found.base)
      this.#warn(
        `Users below ${found.base} are in another directory (${found.host}) and were not looked up. Ask the global catalog instead (--ad-url ldaps://…:3269), or run the command once for each domain.`,
      )
    }
  }
}

function* chunks(values: readonly string[], size: number): Generator<readonly string[]> {
  for (let at = 0; at < values.length; at += size) yield values.slice(at, at + size)
}
