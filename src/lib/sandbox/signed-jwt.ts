import {constants, createHash, verify, X509Certificate} from 'node:crypto'

import {z} from 'zod'

const headerSchema = z.looseObject({
  alg: z.enum(['PS256', 'RS256']),
  'x5t#S256': z.string().optional(),
  x5t: z.string().optional(),
  x5c: z.union([z.array(z.string()), z.string()]).optional(),
})

const payloadSchema = z.looseObject({
  aud: z.string(),
  iss: z.string(),
  sub: z.string().optional(),
  exp: z.number(),
  nbf: z.number().optional(),
})

/** A JWT that was made with a certificate's key; nothing of it is proven yet. */
export interface SignedJwt {
  readonly header: z.infer<typeof headerSchema>
  /** Times in seconds since 1970. */
  readonly payload: z.infer<typeof payloadSchema>
  readonly signed: string
  readonly signature: Buffer
}

/** Undefined for anything else. */
export function parseJwt(text: string): SignedJwt | undefined {
  const [head = '', body = '', signature = '', ...rest] = text.split('.')
  if (rest.length > 0) return undefined
  try {
    return {
      header: headerSchema.parse(JSON.parse(Buffer.from(head, 'base64url').toString('utf8'))),
      payload: payloadSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))),
      signed: `${head}.${body}`,
      signature: Buffer.from(signature, 'base64url'),
    }
  } catch {
    return undefined
  }
}

export function isSignedBy({header, signed, signature}: SignedJwt, {publicKey}: X509Certificate): boolean {
  const padding =
    header.alg === 'PS256'
      ? {padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST}
      : {padding: constants.RSA_PKCS1_PADDING}
  try {
    return verify('sha256', Buffer.from(signed), {key: publicKey, ...padding}, signature)
  } catch {
    // A key of another kind cannot have made it.
    return false
  }
}

/** The thumbprint that the header names, in hex; empty if it names none. */
export function namedThumbprint({header}: SignedJwt): string {
  return Buffer.from(header['x5t#S256'] ?? header.x5t ?? '', 'base64url').toString('hex')
}

/** SHA-256 and SHA-1 in hex. */
export function thumbprints({raw}: X509Certificate): string[] {
  return ['sha256', 'sha1'].map((name) => createHash(name).update(raw).digest('hex'))
}

/** PEM, or Base64 of the DER form. Undefined if it is neither. */
export function toCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}
