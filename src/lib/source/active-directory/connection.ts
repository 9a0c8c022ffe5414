import {type Control, type Entry, ResultCodeError, type SearchOptions} from 'ldapts'
import type {Secret} from '../../model/secret.js'
import {directoryFailure, Referred} from './failure.js'
import {type Answer, type AskForPage, pages} from './pages.js'
import {tlsClient, type TlsClientOptions} from './tls-client.js'

export interface Account {
  readonly username: string
  readonly password: Secret
}

export interface ConnectOptions extends TlsClientOptions {
  /** Undefined: anonymous, because the operator allowed it. */
  readonly account: Account | undefined
  /** Entries a page; Active Directory gives 1000 at most. */
  readonly pageSize: number
}

/** One signed-in, encrypted connection to one domain controller. It is never made anew: who lost it asks for another. */
export interface Connection {
  readonly url: string
  readonly alive: boolean
  /**
   * Complete, or an error: nothing is cut off silently. One question at a time. Throws ResultCodeError of ldapts,
   * Referred, or DirectoryFailure.
   */
  pages(base: string, options: SearchOptions, signal: AbortSignal): AsyncIterable<Answer>
  /** All pages together. */
  search(base: string, options: SearchOptions, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

/** Result code of a base that another directory holds. */
const REFERRAL = 10

/**
 * `ldaps://` speaks TLS from the start; `ldap://` is raised to TLS before anything else is said. Throws
 * DirectoryFailure.
 */
export async function connectTo(
  url: string,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const tls = tlsClient(url, options)
  const {client, ends} = tls
  const close = async (): Promise<void> => {
    try {
      await within(1000, client.unbind())
    } catch {
      // It is gone already.
    }
  }
  const stop = (): void => void close()
  signal.addEventListener('abort', stop, {once: true})
  let during: 'connect' | 'bind' = 'connect'
  try {
    signal.throwIfAborted()
    await within(2 * options.connectTimeoutMs, tls.startTls())
    during = 'bind'
    const {account} = options
    // An empty password would bind anonymously and say that all is well.
    if (account !== undefined) {
      if (account.password.isEmpty) throw new Error('empty password')
      await client.bind(account.username, account.password.reveal())
    } else await client.bind('', '')
  } catch (error) {
    await close()
    signal.throwIfAborted()
    throw directoryFailure(url, during, error)
  } finally {
    signal.removeEventListener('abort', stop)
  }

  async function ask(base: string, wanted: SearchOptions, control: readonly Control[], until: AbortSignal) {
    until.throwIfAborted()
    until.addEventListener('abort', stop, {once: true})
    ends.take()
    try {
      const found = await client.search(base, {timeLimit: seconds(options.answerTimeoutMs), ...wanted}, [
        ...control,
      ])
      const end = ends.take()
      if (end === undefined) throw new Error('the connection broke off: an answer without an end')
      return {entries: found.searchEntries, references: found.searchReferences, end}
    } catch (error) {
      if (error instanceof ResultCodeError && error.code === REFERRAL)
        throw new Referred(ends.take()?.referrals ?? [])
      throw error
    } finally {
      until.removeEventListener('abort', stop)
      until.throwIfAborted()
    }
  }

  async function* answer(base: string, wanted: SearchOptions, until: AbortSignal): AsyncGenerator<Answer> {
    // One entry needs no pages, and not everything that has one entry can be paged.
    if (wanted.scope === 'base') yield await ask(base, wanted, [], until)
    else {
      const page: AskForPage = (control) => ask(base, wanted, [control], until)
      yield* pages(url, options.pageSize, page)
    }
  }

  return {
    url,
    get alive() {
      return tls.alive
    },
    pages: answer,
    async search(base, wanted, until) {
      const entries: Entry[] = []
      const references: string[] = []
      for await (const page of answer(base, wanted, until)) {
        entries.push(...page.entries)
        references.push(...page.references)
      }
      return {entries, references}
    },
    close,
  }
}

const seconds = (ms: number): number => Math.ceil(ms / 1000)

/** ldapts waits for ever for a handshake, and for a last word. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
