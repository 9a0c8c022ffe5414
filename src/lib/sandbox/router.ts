import type {Access} from './caller.js'
import type {GraphVersion, Handler} from './call.js'
import {badRequest, GraphFault} from './graph-fault.js'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface Route extends Access {
  readonly method: Method
  /** Below the version; `{name}` is a parameter, also inside a segment: `/applications(appId='{appId}')`. */
  readonly template: string
  readonly handler: Handler
  /** Both versions if left out. */
  readonly version?: GraphVersion | undefined
  /** A POST that changes nothing. */
  readonly reads?: boolean | undefined
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export interface Router {
  /** Throws GraphFault 400 for a path that is not there, 405 for a method that it does not have. */
  match(version: GraphVersion, method: string, path: string): Match
}

interface Compiled {
  readonly route: Route
  readonly parts: readonly string[]
}

export function createRouter(routes: readonly Route[]): Router {
  const byLength = new Map<number, Compiled[]>()
  for (const route of routes) {
    const parts = route.template.slice(1).split('/')
    byLength.set(parts.length, [...(byLength.get(parts.length) ?? []), {route, parts}])
  }
  // Fewer parameters first: /users/$count before /users/{user}.
  for (const list of byLength.values()) list.sort((a, b) => countParameters(a) - countParameters(b))
  return {
    match: (version, method, path) => {
      const segments = decode(path)
      const fitting = (byLength.get(segments.length) ?? []).flatMap((compiled) => {
        if (compiled.route.version !== undefined && compiled.route.version !== version) return []
        const params = bind(compiled.parts, segments)
        return params === undefined ? [] : [{compiled, params}]
      })
      const [best] = fitting
      if (best === undefined) throw unknownPath(path)
      const rank = countParameters(best.compiled)
      const found = fitting.find(
        ({compiled}) => countParameters(compiled) === rank && compiled.route.method === method,
      )
      if (found === undefined) {
        throw new GraphFault(
          405,
          'Request_BadRequest',
          `The method '${method}' is not allowed for this resource.`,
        )
      }
      return {route: found.compiled.route, params: found.params}
    },
  }
}

function bind(parts: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    const [, before = '', name, after = ''] = /^([^{]*)\{(.+)\}([^}]*)$/.exec(part) ?? []
    if (name === undefined) {
      if (part !== segment) return undefined
      continue
    }
    if (!segment.startsWith(before) || !segment.endsWith(after)) return undefined
    const value = segment.slice(before.length, segment.length - after.length)
    // Functions and casts are literals; a name is never taken for one of them.
    if (value === '' || value.startsWith('$')) return undefined
    params[name] = value
  }
  return params
}

function decode(path: string): string[] {
  try {
    return path.slice(1).split('/').map(decodeURIComponent)
  } catch {
    throw badRequest('The path is not encoded correctly.')
  }
}

function countParameters({parts}: Compiled): number {
  return parts.filter((part) => part.includes('{')).length
}

function unknownPath(path: string): GraphFault {
  const segment = path.split('/').at(-1) ?? ''
  return new GraphFault(400, 'BadRequest', `Resource not found for the segment '${segment}'.`)
}
