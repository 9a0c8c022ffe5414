import {graphDescription, type Version} from './graph-description.js'

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string
  readonly version: Version
  /** Below the version, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly requestBody: unknown
  readonly status: number
  readonly body: unknown
}

const json = (text: string): unknown => (text === '' ? undefined : JSON.parse(text))

/** A fetch that puts every exchange with Graph at the end of `exchanges`; what goes elsewhere (sign-in) passes unnoted. */
export function recordingFetch(exchanges: Exchange[], send: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init)
    const url = new URL(input instanceof Request ? input.url : input)
    const [, version, path] = /^\/(v1\.0|beta)(\/.*)$/.exec(url.pathname + url.search) ?? []
    if (path === undefined) return response
    exchanges.push({
      method: init?.method ?? 'GET',
      version: version as Version,
      path,
      headers: Object.fromEntries(new Headers(init?.headers)),
      requestBody: json(typeof init?.body === 'string' ? init.body : ''),
      status: response.status,
      body: json(await response.clone().text()),
    })
    return response
  }
}

/** What was sent or answered that Graph's description does not know; nothing where there is no description. */
export function faultsOf(exchanges: readonly Exchange[]): readonly string[] {
  const description = graphDescription()
  if (description === undefined) return []
  return exchanges.flatMap(({headers, requestBody, ...exchange}) =>
    [
      ...description.checkRequest({...exchange, headers, body: requestBody}),
      ...description.checkResponse({...exchange, requestBody}),
    ].map((fault) => `${exchange.method} ${exchange.version}${exchange.path}: ${fault}`),
  )
}
