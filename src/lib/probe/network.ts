import type {SecureContext} from 'node:tls'

import type {Secret} from '../model/secret.js'
import type {Network} from '../ports/network.js'
import {getOnce, lookAtTls, tryTcp} from './connections.js'
import {words} from './limits.js'
import {resolveName} from './names.js'
import {findPattern} from './pattern.js'
import {askRadius} from './radius.js'

export interface NetworkOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** What is trusted here. */
  readonly context: SecureContext
  readonly radiusSecret: Secret
  /** Honours a proxy, as every request to Microsoft does. */
  readonly fetch: typeof fetch
  readonly sdk: Network['sdk']
}

/** The network as it is, with Node's own means. */
export function createNetwork(options: NetworkOptions): Network {
  const {context, signal, timeoutMs} = options
  const limits = {timeoutMs, signal}
  return {
    resolve: (host) => resolveName(host, limits),
    tcp: (endpoint) => tryTcp(endpoint, limits),
    tls: (endpoint, name) => lookAtTls(endpoint, name, context, limits),
    get: (request) => getOnce(request, context, limits),
    find: findPattern,
    radius: (endpoint, patience) => askRadius(endpoint, patience, options.radiusSecret, limits),
    sdk: options.sdk,
    async reach(url) {
      try {
        const response = await options.fetch(url, {
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(Math.max(timeoutMs, 10_000))]),
        })
        await response.body?.cancel()
        return {kind: 'answered', status: response.status}
      } catch (error) {
        signal.throwIfAborted()
        const {cause, name} = error as Error
        return {kind: 'failed', why: name === 'TimeoutError' ? 'no answer in time' : words(cause ?? error)}
      }
    },
  }
}
