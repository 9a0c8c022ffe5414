import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto'

import {ALL_ROLES} from './permissions.js'
import type {Store} from './store.js'

const LIFETIME_SECONDS = 3600
const KEY = 'tokenKey'

export interface Claims {
  readonly tid: string
  readonly aud: string
  readonly exp: number
  /** Of an app-only token. */
  readonly roles?: readonly string[] | undefined
  /** Of a delegated token; separated by spaces. */
  readonly scp?: string | undefined
  readonly [name: string]: unknown
}

/** Makes and checks the sandbox's own tokens. The key is in the state file: tokens outlive a restart. */
export interface Tokens {
  /** App-only; every role if none are given. */
  issue(roles?: readonly string[]): string
  /** Any claims; tid, iat, nbf and exp are added. */
  issueWith(claims: Readonly<Record<string, unknown>>): string
  /** The claims of a token that this tenant made and that has not run out. */
  check(token: string): Claims | undefined
}

export const GRAPH_AUDIENCE = 'https://graph.microsoft.com'
export const TOKEN_LIFETIME = LIFETIME_SECONDS

export function createTokens(store: Store, now: () => Date): Tokens {
  const key = (): string => {
    const known = store.meta(KEY)
    if (known !== undefined) return known
    store.setMeta(KEY, randomBytes(32).toString('base64url'))
    return store.meta(KEY) ?? ''
  }
  const sign = (text: string): string => createHmac('sha256', key()).update(text).digest('base64url')
  const issueWith = (claims: Readonly<Record<string, unknown>>): string => {
    const seconds = Math.floor(now().getTime() / 1000)
    const text = [
      {typ: 'JWT', alg: 'HS256'},
      {tid: store.meta('tenantId'), iat: seconds, nbf: seconds, exp: seconds + LIFETIME_SECONDS, ...claims},
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${text}.${sign(text)}`
  }
  return {
    issueWith,
    issue: (roles = ALL_ROLES) => issueWith({aud: GRAPH_AUDIENCE, idtyp: 'app', roles}),
    check: (token) => {
      const [header, payload, signature, ...rest] = token.split('.')
      if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
        return undefined
      if (!equal(sign(`${header}.${payload}`), signature)) return undefined
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims
      const fits = claims.aud === GRAPH_AUDIENCE && claims.tid === store.meta('tenantId')
      return fits && claims.exp * 1000 > now().getTime() ? claims : undefined
    },
  }
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
