import {MfaError} from '../../errors/mfa-error.js'
import {field, text} from './graph-error.js'
import {relativeUrl, type GraphAnswer, type GraphRequest} from './graph-request.js'
import {foreignHost} from './http.js'

type Get = GraphRequest & {readonly method: 'GET'}

/** So many pages in a row without a single entry mean that the list has no end. */
const MAX_EMPTY_PAGES = 100

/**
 * The pages of a collection, in order. `@odata.nextLink` is followed as it came, on the same host and version, with the
 * headers of the first request. Throws MfaError `unavailable` for a link to elsewhere, and for a list without an end.
 */
export async function* pagesOf(
  first: Get,
  service: {
    readonly base: string
    readonly origin: string
    readonly read: (request: Get) => Promise<GraphAnswer>
  },
): AsyncIterable<readonly unknown[]> {
  const seen = new Set([relativeUrl(first)])
  let empty = 0
  for (let request: Get | undefined = first; request !== undefined;) {
    const answer: GraphAnswer = await service.read(request)
    const value = field(answer.body, 'value')
    if (!Array.isArray(value)) throw badList(request, 'holds no list')
    empty = value.length === 0 ? empty + 1 : 0
    if (value.length > 0) yield value as unknown[]
    const link = text(field(answer.body, '@odata.nextLink'))
    if (link === undefined) return
    const next = relativeOf(link, first, service)
    if (seen.has(next) || empty >= MAX_EMPTY_PAGES) throw badList(request, 'has no end: its pages repeat')
    seen.add(next)
    request = {method: 'GET', version: first.version, path: next, headers: first.headers}
  }
}

function relativeOf(
  link: string,
  first: Get,
  service: {readonly base: string; readonly origin: string},
): string {
  const absolute = URL.canParse(link) ? link : new URL(link, `${service.base}/${first.version}/`).href
  if (new URL(absolute).origin !== service.origin) throw foreignHost(absolute, service.origin)
  const prefix = `${service.base}/${first.version}`
  if (!absolute.startsWith(`${prefix}/`)) throw badList(first, 'goes on outside Microsoft Graph')
  return absolute.slice(prefix.length)
}

function badList(request: Get, what: string): MfaError {
  return new MfaError('GRAPH_BAD_LIST', `GET ${request.path}: the list ${what}`, {
    exit: 'unavailable',
    fix: 'Try again later; if it stays, check what stands between this machine and Microsoft Graph.',
  })
}
