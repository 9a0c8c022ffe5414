import type {Endpoints} from '../clouds.js'

/** What msal-node is told about the place that issues tokens. */
export interface Authority {
  readonly authority: string
  readonly knownAuthorities: string[]
  readonly authorityMetadata: string
}

/**
 * Entra's addresses are the same in every tenant and cloud, so they are given and not looked up: one request less, and
 * nothing to trust. MSAL refuses an authority with plain http; where settings allow it (loopback only), MSAL is
 * given an https name while the endpoints keep their http addresses.
 */
export function authorityOf({authorityUrl}: Pick<Endpoints, 'authorityUrl'>, tenant: string): Authority {
  const name = tenant.toLowerCase()
  const root = authorityUrl.toLowerCase().endsWith(`/${name}`) ? authorityUrl : `${authorityUrl}/${name}`
  return {
    authority: root.replace(/^http:/, 'https:'),
    knownAuthorities: [new URL(root).host],
    authorityMetadata: JSON.stringify({
      authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
      token_endpoint: `${root}/oauth2/v2.0/token`,
      end_session_endpoint: `${root}/oauth2/v2.0/logout`,
      jwks_uri: `${root}/discovery/v2.0/keys`,
      issuer: `${root}/v2.0`,
    }),
  }
}
