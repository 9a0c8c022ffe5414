import {MfaError} from '../errors/mfa-error.js'
import {isLoopback} from '../model/loopback.js'

type ProxyVariable = 'HTTPS_PROXY' | 'HTTP_PROXY'

/** The address that managed identities are asked at; it exists on the machine's own link only. */
const METADATA_HOST = '169.254.169.254'

/**
 * `fetch` that honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either letter case), with connections kept alive.
 * This machine itself is never reached through a proxy. Without a proxy variable it is Node's own `fetch`.
 * Throws MfaError `usage` for a proxy variable that is no address.
 */
export function createFetch(env: NodeJS.ProcessEnv): typeof fetch {
  const httpsProxy = proxyOf(env, 'HTTPS_PROXY')
  const httpProxy = proxyOf(env, 'HTTP_PROXY')
  if (httpsProxy === undefined && httpProxy === undefined) return globalThis.fetch
  const noProxy = env['NO_PROXY'] ?? env['no_proxy'] ?? ''

  let proxied: Promise<typeof fetch> | undefined
  const load = async (): Promise<typeof fetch> => {
    // undici's own fetch: the one inside Node may be of another version than the agent.
    const undici = await import('undici')
    const dispatcher = new undici.EnvHttpProxyAgent({
      httpsProxy: httpsProxy ?? '',
      httpProxy: httpProxy ?? '',
      noProxy,
    })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- same standard, other declarations
    const send = undici.fetch as unknown as (
      input: string | URL,
      init: Omit<RequestInit, 'dispatcher'> & {dispatcher: unknown},
    ) => Promise<Response>
    return (input, init) =>
      input instanceof Request
        ? send(input.url, {...partsOf(input), ...init, dispatcher})
        : send(input, {...init, dispatcher})
  }
  return async (input, init) => {
    const {hostname} = new URL(input instanceof Request ? input.url : input)
    if (isLoopback(hostname) || hostname === METADATA_HOST) return globalThis.fetch(input, init)
    proxied ??= load()
    return (await proxied)(input, init)
  }
}

/** A Request of Node's own class, for a `fetch` of another. */
function partsOf(request: Request): RequestInit {
  const {method, headers, body, redirect, signal} = request
  return {method, headers, redirect, signal, ...(body === null ? {} : {body, duplex: 'half'})}
}

/** The variable's value is never part of a message: it may hold a password. */
function proxyOf(env: NodeJS.ProcessEnv, name: ProxyVariable): string | undefined {
  const text = (env[name] || env[name.toLowerCase()] || '').trim()
  if (text === '') return undefined
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '')
    return url.href
  throw new MfaError('PROXY_INVALID', `${name} is not the address of an http proxy.`, {
    exit: 'usage',
    fix: `Set ${name} to something like http://proxy.example.com:8080, or unset it.`,
  })
}
