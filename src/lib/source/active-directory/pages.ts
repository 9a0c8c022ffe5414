import {type BerWriter, Control, type Entry, PagedResultsControl, ResultCodeError} from 'ldapts'
import type {AnswerEnd} from './answer-ends.js'
import {DirectoryFailure} from './failure.js'

/** One page of an answer. */
export interface Answer {
  readonly entries: readonly Entry[]
  /** LDAP addresses of other partitions below the base, whose entries are not in the answer. */
  readonly references: readonly string[]
}

/** Asks for the page behind the control. Throws ResultCodeError of ldapts, or what the connection throws. */
export type AskForPage = (page: Control) => Promise<Answer & {readonly end: AnswerEnd}>

/** Empty pages in a row before a server is thought to go round in circles. */
const EMPTY_PAGES = 1000

/**
 * RFC 2696: a whole answer, page by page, until the server says that there is no more; an empty page is not the last one.
 * A server that does not know the control may answer at once. Whatever ends an answer earlier, a lost connection as well
 * as an error of the server, is thrown, so that the question can be asked again from its beginning: a cookie is worth
 * nothing to another server. Throws DirectoryFailure, and what `ask` throws for the first page.
 */
export async function* pages(url: string, size: number, ask: AskForPage): AsyncGenerator<Answer> {
  let cookie: Buffer = Buffer.alloc(0)
  let empty = 0
  do {
    const {end, ...page} = await askFor(url, size, cookie, ask)
    yield page
    if (end.cookie === undefined && cookie.length > 0) throw brokenOff(url, 'its last page is missing')
    empty = page.entries.length === 0 ? empty + 1 : 0
    if (empty > EMPTY_PAGES) throw brokenOff(url, `${EMPTY_PAGES} pages in a row were empty`)
    cookie = end.cookie ?? Buffer.alloc(0)
  } while (cookie.length > 0)
}

async function askFor(url: string, size: number, cookie: Buffer, ask: AskForPage) {
  try {
    return await ask(new PageControl(size, cookie))
  } catch (error) {
    if (cookie.length > 0 && error instanceof ResultCodeError)
      throw brokenOff(url, `result code ${error.code}`, error)
    throw error
  }
}

const brokenOff = (url: string, why: string, cause?: unknown): DirectoryFailure =>
  new DirectoryFailure('passing', `${url}: Active Directory broke off in the middle of an answer (${why})`, {
    code: 'AD_UNAVAILABLE',
    exit: 'unavailable',
    fix: 'Run the command again; give another domain controller with --ad-url if it stays so.',
    cause,
  })

/**
 * ldapts refuses its own control here, since it pages by itself. Critical for all pages but the first: a server that
 * cannot page may answer at once, but must not take a later page for a new question.
 */
class PageControl extends Control {
  readonly #size: number
  readonly #cookie: Buffer

  constructor(size: number, cookie: Buffer) {
    super(PagedResultsControl.type, {critical: cookie.length > 0})
    this.#size = size
    this.#cookie = cookie
  }

  protected override writeControl(writer: BerWriter): void {
    new PagedResultsControl({value: {size: this.#size, cookie: this.#cookie}}).writeControl(writer)
  }
}
