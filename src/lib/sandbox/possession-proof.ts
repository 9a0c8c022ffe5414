import type {StoredKey} from './directory-store.js'
import {badRequest} from './graph-fault.js'
import {keyIsValid} from './key-credentials.js'
import {isSignedBy, namedThumbprint, parseJwt, thumbprints, toCertificate} from './signed-jwt.js'

const AUDIENCE = '00000002-0000-0000-c000-000000000000'
/** Seconds that a proof may be good for, and by which clocks may differ. */
const LIFETIME = 600
const SKEW = 300

/**
 * A proof of possession for addKey and removeKey: a JWT signed with one of the application's keys that is valid now.
 * Throws GraphFault 400 that says what is wrong; Graph's own words for it are not documented.
 */
export function checkProof(
  proof: string,
  applicationId: string,
  keys: readonly StoredKey[],
  now: Date,
): void {
  const jwt = parseJwt(proof)
  if (jwt === undefined) throw refused('it is not a signed JWT')
  const {aud, iss, nbf, exp} = jwt.payload
  const seconds = now.getTime() / 1000
  if (aud !== AUDIENCE) throw refused(`its audience must be ${AUDIENCE}`)
  if (iss.toLowerCase() !== applicationId)
    throw refused('its issuer must be the object id of the application')
  if (nbf === undefined || exp <= nbf || exp - nbf > LIFETIME)
    throw refused('it must be good for at most 10 minutes')
  if (nbf > seconds + SKEW || exp < seconds - SKEW) throw refused('it is not good at this time')
  const named = namedThumbprint(jwt)
  const signed = keys
    .filter((key) => keyIsValid(key, now))
    .flatMap(({key}) => toCertificate(key) ?? [])
    .filter((certificate) => named === '' || thumbprints(certificate).includes(named))
    .some((certificate) => isSignedBy(jwt, certificate))
  if (!signed) throw refused('it must be signed with a key of the application that is valid now')
}

const refused = (why: string) => badRequest(`The proof of possession is not accepted: ${why}.`)
