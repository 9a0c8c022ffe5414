export type GraphVersion = 'v1.0' | 'beta'
export type GraphMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** What the pacing tells apart: activations have a quota of their own. */
export type RequestKind = 'read' | 'write' | 'activation'

/** One request as data. `path` comes from the `path` tag below, so it is already encoded; `query` is not. */
export interface GraphRequest {
  readonly method: GraphMethod
  readonly version: GraphVersion
  readonly path: string
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Made anew at each sending: a secret is revealed, and a code computed, only then. */
  readonly body?: (() => unknown) | undefined
  /** Default: `read` for GET, else `write`. */
  readonly kind?: RequestKind | undefined
}

export interface GraphAnswer {
  readonly status: number
  /** Parsed JSON; undefined where the answer had no body. */
  readonly body: unknown
  readonly requestId?: string | undefined
}

export function kindOf(request: GraphRequest): RequestKind {
  return request.kind ?? (request.method === 'GET' ? 'read' : 'write')
}

/** Builds a path whose inserted values are single segments: a `#EXT#` name, `&`, `+`, `/` and `'` survive. */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((made, part, index) => made + encodeSegment(values[index - 1] ?? '') + part)
}

function encodeSegment(value: string): string {
  return encodeURIComponent(value).replaceAll("'", '%27')
}

/** A string inside a `$filter`, quotes doubled. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** `/users/…?$select=…`: what a batch item carries, and what follows the version in a plain request. */
export function relativeUrl(request: GraphRequest): string {
  const pairs = Object.entries(request.query ?? {}).map(([name, value]) => `${name}=${encodeQuery(value)}`)
  if (pairs.length === 0) return request.path
  return `${request.path}${request.path.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

/** Commas and `$` stay readable; what could end the value or the URL does not. */
function encodeQuery(value: string): string {
  return encodeURIComponent(value).replaceAll('%2C', ',').replaceAll('%24', '$')
}
