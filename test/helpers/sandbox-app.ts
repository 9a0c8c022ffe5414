import {createSign, createHash, constants, sign, X509Certificate} from 'node:crypto'

import type {Sandbox} from '../../src/lib/sandbox/server.js'
import type {TestCertificate} from './certificates.js'

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000'
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export const derOf = ({certificate}: Pick<TestCertificate, 'certificate'>): string =>
  new X509Certificate(certificate).raw.toString('base64')

/** A JWT signed with the certificate's key, with its thumbprint in the header. */
export function signedJwt(
  {certificate, key}: Pick<TestCertificate, 'certificate' | 'key'>,
  claims: object,
  head: {readonly alg?: 'PS256' | 'RS256'; readonly [name: string]: unknown} = {},
): string {
  const thumbprint = createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url')
  const header = {alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint, ...head}
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature =
    header.alg === 'PS256'
      ? sign('sha256', Buffer.from(text), {key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32})
      : createSign('sha256').update(text).sign(key)
  return `${text}.${signature.toString('base64url')}`
}

export interface TokenAnswer {
  readonly status: number
  readonly token: string
  /** AADSTS number of a refusal. */
  readonly number: number | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export async function tokenRequest(sandbox: Sandbox, fields: Record<string, string>): Promise<TokenAnswer> {
  const response = await fetch(`${sandbox.authorityUrl}/${sandbox.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams(fields),
  })
  const body = (await response.json()) as {access_token?: string; error_codes?: number[]}
  return {
    status: response.status,
    token: body.access_token ?? '',
    number: body.error_codes?.[0],
    body: {...body},
  }
}

/** Signs an application in with its certificate. */
export function signInApp(
  sandbox: Sandbox,
  appId: string,
  certificate: Pick<TestCertificate, 'certificate' | 'key'>,
  {at = Date.now(), claims = {}}: {readonly at?: number; readonly claims?: object} = {},
): Promise<TokenAnswer> {
  const seconds = Math.floor(at / 1000)
  const aud = `${sandbox.authorityUrl}/${sandbox.tenantId}/oauth2/v2.0/token`
  return tokenRequest(sandbox, {
    grant_type: 'client_credentials',
    client_id: appId,
    scope: 'https://graph.microsoft.com/.default',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: signedJwt(certificate, {
      aud,
      iss: appId,
      sub: appId,
      jti: '1',
      nbf: seconds,
      exp: seconds + 600,
      ...claims,
    }),
  })
}

export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

export function rolesOf(token: string): readonly string[] {
  return (claimsOf(token)['roles'] ?? []) as string[]
}
