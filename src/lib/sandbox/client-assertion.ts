import {constants, createHash, verify, X509Certificate} from 'node:crypto'

import {z} from 'zod'

import {AadFault} from './aad-fault.js'
import type {Store} from './store.js'
import type {TenantFile} from './tenant-file.js'

type Client = NonNullable<TenantFile['clientApplications']>[number]

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Seconds by which clocks may differ. */
const SKEW = 300

const headerSchema = z.looseObject({
  alg: z.enum(['PS256', 'RS256']),
  'x5t#S256': z.string().optional(),
  x5t: z.string().optional(),
  x5c: z.union([z.array(z.string()), z.string()]).optional(),
})

const payloadSchema = z.looseObject({
  aud: z.string(),
  iss: z.string(),
  sub: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
})

/**
 * The registered client whose certificate signed the assertion.
 * Throws AadFault: unknown client (700016), no assertion (7000216), wrong certificate or signature (700027), times or audience (700024, 700023).
 */
export function checkAssertion(store: Store, form: URLSearchParams, endpoint: string, now: Date): Client {
  const clients = JSON.parse(store.meta('clientApplications') ?? '[]') as Client[]
  const id = form.get('client_id') ?? ''
  const client = clients.find((each) => each.appId.toLowerCase() === id.toLowerCase())
  if (client === undefined) {
    throw new AadFault(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${id}' was not found in the directory.`,
    )
  }
  const assertion = form.get('client_assertion')
  if (assertion === null || form.get('client_assertion_type') !== ASSERTION_TYPE) {
    throw new AadFault(401, 'invalid_client', 7000216, "'client_assertion' is required.")
  }
  const {header, payload, signed, signature} = parse(assertion)
  const certificate = certificateFor(client, header)
  const padding =
    header.alg === 'PS256'
      ? {padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST}
      : {padding: constants.RSA_PKCS1_PADDING}
  const good = verify('sha256', Buffer.from(signed), {key: certificate.publicKey, ...padding}, signature)
  if (!good)
    throw new AadFault(401, 'invalid_client', 700027, 'Client assertion contains an invalid signature.')
  const seconds = now.getTime() / 1000
  if (payload.exp < seconds - SKEW || (payload.nbf ?? 0) > seconds + SKEW) {
    throw new AadFault(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.')
  }
  if (payload.iss !== id || payload.sub !== id || !sameEndpoint(payload.aud, endpoint)) {
    throw new AadFault(401, 'invalid_client', 700023, 'Client assertion audience claim does not match.')
  }
  return client
}

function certificateFor(client: Client, header: z.infer<typeof headerSchema>): X509Certificate {
  const sent = [header.x5c ?? []].flat()[0]
  const registered = (client.certificates ?? []).map(toCertificate)
  const known = new Set((client.certificateThumbprints ?? []).map((each) => each.toLowerCase()))
  // A thumbprint cannot check a signature: the certificate has to come along, and be the one that is registered.
  const brought =
    sent === undefined
      ? []
      : [toCertificate(sent)].filter((each) => thumbprints(each).some((print) => known.has(print)))
  const wanted = hexOf(header['x5t#S256'] ?? header.x5t ?? '')
  const found = [...registered, ...brought].find((each) => thumbprints(each).includes(wanted))
  if (found !== undefined) return found
  const hint = known.has(wanted)
    ? ' Only its thumbprint is registered, so the certificate must be sent in x5c.'
    : ''
  throw new AadFault(
    401,
    'invalid_client',
    700027,
    `The certificate with identifier used to sign the client assertion is not registered on application.${hint}`,
  )
}

function parse(assertion: string) {
  const [head = '', body = '', signature = ''] = assertion.split('.')
  try {
    return {
      header: headerSchema.parse(JSON.parse(Buffer.from(head, 'base64url').toString('utf8'))),
      payload: payloadSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))),
      signed: `${head}.${body}`,
      signature: Buffer.from(signature, 'base64url'),
    }
  } catch {
    throw new AadFault(401, 'invalid_client', 50027, 'JWT token is invalid or malformed.')
  }
}

function toCertificate(text: string): X509Certificate {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
  } catch {
    throw new AadFault(401, 'invalid_client', 700027, 'The certificate cannot be read.')
  }
}

/** SHA-256 and SHA-1 in hex. */
function thumbprints(certificate: X509Certificate): string[] {
  return ['sha256', 'sha1'].map((name) => createHash(name).update(certificate.raw).digest('hex'))
}

/** Header values are base64url of the digest. */
function hexOf(thumbprint: string): string {
  return Buffer.from(thumbprint, 'base64url').toString('hex')
}

/** The scheme may differ: a proxy may stand before us. */
function sameEndpoint(audience: string, endpoint: string): boolean {
  const bare = (url: string): string => url.replace(/^https?:/, '').toLowerCase()
  return bare(audience) === bare(endpoint)
}
