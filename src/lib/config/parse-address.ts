import {isLoopback} from '../model/loopback.js'
import {problem, type Parsed} from './parsed.js'

/**
 * Root of a service: https, or http to this machine only. A path is kept, a trailing slash is not.
 * The address is never quoted in a problem, since it may hold a password.
 */
export function serviceUrl(text: string, kind: 'graph' | 'authority'): Parsed<string> {
  const checked = address(text)
  if ('problem' in checked) return checked
  const url = checked.value
  if (url.search !== '' || url.hash !== '')
    return problem('has a query or fragment', 'Give the root address alone.')
  const root = `${url.origin}${url.pathname}`.replace(/\/+$/, '')
  if (kind === 'graph' && /\/(v1\.0|beta)$/.test(root))
    return problem('ends with the API version', 'Leave off /v1.0 or /beta: both are appended.')
  return {value: root}
}

/** https, or http to this machine only; no credentials. */
export function address(text: string): Parsed<URL> {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    return problem('is not an http address', 'Give an address that begins with https://.')
  if (url.username !== '' || url.password !== '')
    return problem('has a user name or password in it', 'Take them out of the address.')
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return problem(
      `would send secrets over plain http to ${url.hostname}`,
      'Use https; plain http is accepted for a loopback address (127.0.0.1, ::1, localhost) only.',
    )
  return {value: url}
}
