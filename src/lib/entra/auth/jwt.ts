/** What a token says of itself. Nothing of it is trusted: it serves better messages, never a decision to let somebody in. */
export interface TokenClaims {
  /** Milliseconds since 1970. */
  readonly expires?: number | undefined
  readonly tenantId?: string | undefined
  readonly clientId?: string | undefined
  readonly account?: string | undefined
  /** Of a pipeline's token: who made it, and for what. */
  readonly issuer?: string | undefined
  readonly subject?: string | undefined
  /** Names of permissions; undefined where access is decided by something else as well. */
  readonly permissions?: readonly string[] | undefined
  /** True for a token of an application, false for a person's; undefined where it does not say. */
  readonly isApplication?: boolean | undefined
  /** Application permissions. */
  readonly roles?: readonly string[] | undefined
  /** Delegated permissions. */
  readonly scopes?: readonly string[] | undefined
  /** Whom it is for: an address, or an application id. */
  readonly audience?: string | undefined
}

/** Undefined for a token that is no JSON Web Token: those are accepted as they are. */
export function peek(token: string): TokenClaims | undefined {
  const [header, payload, signature, ...rest] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
    return undefined
  let claims: unknown
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof claims !== 'object' || claims === null) return undefined
  const all: Readonly<Record<string, unknown>> = {...claims}
  const text = (...names: readonly string[]) => {
    const value = names.map((name) => all[name]).find((found) => typeof found === 'string')
    return typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value) ? value : undefined
  }
  const exp = all['exp']
  return {
    expires: typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined,
    tenantId: text('tid')?.toLowerCase(),
    clientId: text('appid', 'azp'),
    account: text('upn', 'preferred_username', 'unique_name'),
    issuer: text('iss'),
    subject: text('sub'),
    permissions: permissions(all),
    isApplication: applies(all),
    roles: names(all['roles']),
    scopes: typeof all['scp'] === 'string' ? all['scp'].split(' ') : undefined,
    audience: text('aud'),
  }
}

/** An application with a directory role (`wids`) needs no permission of its own. */
function permissions({roles, scp, wids}: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (typeof scp === 'string') return scp.split(' ').filter((name) => name !== '')
  if (Array.isArray(roles)) return roles.map(String)
  return Array.isArray(wids) && wids.length > 0 ? undefined : []
}

function names(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
}

function applies({idtyp, roles, scp}: Readonly<Record<string, unknown>>): boolean | undefined {
  if (idtyp === 'app') return true
  if (typeof scp === 'string' || idtyp === 'user') return false
  return Array.isArray(roles) ? true : undefined
}
