import type {X509Certificate} from 'node:crypto'

import {AadFault} from './aad-fault.js'
import {keyIsValid} from './key-credentials.js'
import type {Client, SeededClient} from './sign-in-clients.js'
import {isSignedBy, namedThumbprint, parseJwt, thumbprints, toCertificate} from './signed-jwt.js'
import type {SignedJwt} from './signed-jwt.js'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Seconds by which clocks may differ. */
const SKEW = 300

/**
 * The assertion was signed with a certificate of this client that is valid now. Throws AadFault: no assertion (7000216),
 * nonsense (50027), wrong certificate or signature (700027), certificate out of its time (1000502), times or audience
 * (700024, 700023), a client that has no certificates at all (7000216).
 */
export function mustHaveSigned(client: Client, form: URLSearchParams, endpoint: string, now: Date): void {
  const assertion = form.get('client_assertion')
  if (
    client.kind === 'microsoft' ||
    assertion === null ||
    form.get('client_assertion_type') !== ASSERTION_TYPE
  ) {
    throw new AadFault(401, 'invalid_client', 7000216, "'client_assertion' is required.")
  }
  const jwt = parseJwt(assertion)
  if (jwt === undefined)
    throw new AadFault(401, 'invalid_client', 50027, 'JWT token is invalid or malformed.')
  const certificate =
    client.kind === 'seeded' ? seededCertificate(client.client, jwt) : registeredCertificate(client, jwt, now)
  if (!isSignedBy(jwt, certificate))
    throw new AadFault(401, 'invalid_client', 700027, 'Client assertion contains an invalid signature.')
  const {payload} = jwt
  const seconds = now.getTime() / 1000
  if (payload.exp < seconds - SKEW || (payload.nbf ?? 0) > seconds + SKEW) {
    throw new AadFault(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.')
  }
  const id = form.get('client_id') ?? ''
  if (payload.iss !== id || payload.sub !== id || !sameEndpoint(payload.aud, endpoint)) {
    throw new AadFault(401, 'invalid_client', 700023, 'Client assertion audience claim does not match.')
  }
}

function registeredCertificate(
  {application}: Client & {kind: 'registered'},
  jwt: SignedJwt,
  now: Date,
): X509Certificate {
  const wanted = namedThumbprint(jwt)
  for (const key of application.body.keyCredentials) {
    const certificate = toCertificate(key.key)
    if (certificate === undefined || !thumbprints(certificate).includes(wanted)) continue
    if (keyIsValid(key, now)) return certificate
    throw new AadFault(
      401,
      'invalid_client',
      1000502,
      'The provided certificate is not within its specified validity period.',
    )
  }
  throw unknownCertificate()
}

function seededCertificate(client: SeededClient, jwt: SignedJwt): X509Certificate {
  const sent = [jwt.header.x5c ?? []].flat()[0]
  const registered = (client.certificates ?? []).map(mustRead)
  const known = new Set((client.certificateThumbprints ?? []).map((each) => each.toLowerCase()))
  // A thumbprint cannot check a signature: the certificate has to come along, and be the one that is registered.
  const brought =
    sent === undefined
      ? []
      : [mustRead(sent)].filter((each) => thumbprints(each).some((print) => known.has(print)))
  const wanted = namedThumbprint(jwt)
  const found = [...registered, ...brought].find((each) => thumbprints(each).includes(wanted))
  if (found !== undefined) return found
  throw unknownCertificate(
    known.has(wanted) ? ' Only its thumbprint is registered, so the certificate must be sent in x5c.' : '',
  )
}

function unknownCertificate(hint = ''): AadFault {
  return new AadFault(
    401,
    'invalid_client',
    700027,
    `The certificate with identifier used to sign the client assertion is not registered on application.${hint}`,
  )
}

function mustRead(text: string): X509Certificate {
  const certificate = toCertificate(text)
  if (certificate !== undefined) return certificate
  throw new AadFault(401, 'invalid_client', 700027, 'The certificate cannot be read.')
}

/** The scheme may differ: a proxy may stand before us. */
function sameEndpoint(audience: string, endpoint: string): boolean {
  const bare = (url: string): string => url.replace(/^https?:/, '').toLowerCase()
  return bare(audience) === bare(endpoint)
}
