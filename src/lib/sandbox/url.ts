import {badRequest} from './graph-fault.js'

/** `/users?$top=5` → path still encoded, query decoded. An option may come once. Throws GraphFault 400. */
export function splitUrl(url: string): {path: string; query: ReadonlyMap<string, string>} {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  const query = new Map<string, string>()
  for (const part of at < 0 ? [] : url.slice(at + 1).split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    if (query.has(name)) throw badRequest(`Query option '${name}' was specified more than once.`)
    query.set(name, equals < 0 ? '' : decode(part.slice(equals + 1)))
  }
  return {path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path, query}
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badRequest('The query is not encoded correctly.')
  }
}
