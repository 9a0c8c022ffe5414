import {sign} from 'node:crypto'
import type {OwnCertificate} from '../../ports/certificates.js'

/** Azure AD Graph, whose name the rolling of keys kept. */
const AUDIENCE = '00000002-0000-0000-c000-000000000000'
const LIFETIME_S = 600

/**
 * Proves that the application itself rolls its keys: a token signed with one of its current certificates, good for ten
 * minutes from `now` (the service's time). `objectId` is the application's object id.
 */
export function keyProof(objectId: string, {facts, privateKey}: OwnCertificate, now: Date): string {
  const nbf = Math.floor(now.getTime() / 1000)
  const header = {
    alg: 'RS256',
    typ: 'JWT',
    x5t: Buffer.from(facts.thumbprintSha1, 'hex').toString('base64url'),
  }
  const claims = {aud: AUDIENCE, iss: objectId, nbf, exp: nbf + LIFETIME_S}
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = sign('sha256', Buffer.from(text), privateKey.reveal())
  return `${text}.${signature.toString('base64url')}`
}
