import {X509Certificate} from 'node:crypto'

import {z} from 'zod'

import type {StoredKey} from './directory-store.js'
import {badRequest, GraphFault} from './graph-fault.js'
import {guidOf} from './made-ids.js'

/** Where Graph's behaviour is not documented, or a limit is not known: adjustable. */
export interface KeyRules {
  /** How many certificates one application may have. */
  readonly maxKeys: number
  /** Existing entries have to be sent with their `key`; otherwise their `keyId` is enough. */
  readonly strictKeys: boolean
}

const YEAR_MS = 366 * 86_400_000
const SLACK_MS = 1000

const moment = z.iso.datetime({offset: true})

/** A key credential as it is sent. */
export const givenKey = z.strictObject({
  keyId: z.guid().nullish(),
  type: z.string().nullish(),
  usage: z.string().nullish(),
  displayName: z.string().max(256).nullish(),
  startDateTime: moment.nullish(),
  endDateTime: moment.nullish(),
  customKeyIdentifier: z.string().nullish(),
  key: z.string().nullish(),
  '@odata.type': z.string().optional(),
})

export type GivenKey = z.infer<typeof givenKey>

/**
 * What PATCH makes of the list: what is not sent is gone, what is sent with a known keyId stays as it is, the rest is
 * new. Throws GraphFault: 400 for an entry that cannot be, 403 Directory_QuotaExceeded for too many.
 */
export function replaceKeys(
  applicationId: string,
  before: readonly StoredKey[],
  given: readonly GivenKey[],
  rules: KeyRules,
): readonly StoredKey[] {
  const after: StoredKey[] = []
  for (const each of given) {
    const known = before.find(({keyId}) => keyId === each.keyId?.toLowerCase())
    const key = known === undefined ? newKey(applicationId, each, after) : keptKey(known, each, rules)
    if (after.some(({keyId}) => keyId === key.keyId))
      throw badRequest(`Duplicate key credential ${key.keyId}.`)
    after.push(key)
  }
  mustFit(after.length, rules)
  return after
}

/** The list with one more. Throws as replaceKeys. */
export function addedKey(
  applicationId: string,
  before: readonly StoredKey[],
  given: GivenKey,
  rules: KeyRules,
): StoredKey {
  mustFit(before.length + 1, rules)
  return newKey(applicationId, given, before)
}

/** Whether it can prove anything at this moment: its own dates count, and those of the certificate. */
export function keyIsValid({startDateTime, endDateTime, key}: StoredKey, now: Date): boolean {
  const certificate = new X509Certificate(Buffer.from(key, 'base64'))
  const from = Math.max(Date.parse(startDateTime), certificate.validFromDate.getTime())
  const to = Math.min(Date.parse(endDateTime), certificate.validToDate.getTime())
  return from <= now.getTime() && now.getTime() < to
}

function mustFit(count: number, {maxKeys}: KeyRules): void {
  if (count <= maxKeys) return
  throw new GraphFault(
    403,
    'Directory_QuotaExceeded',
    'The directory object quota limit for the object has been exceeded. Please delete objects to reduce the used quota.',
  )
}

function keptKey(known: StoredKey, given: GivenKey, {strictKeys}: KeyRules): StoredKey {
  if ((given.key ?? null) === null && strictKeys) {
    throw badRequest(`Key credential ${known.keyId} must be sent with its key.`)
  }
  const same =
    equal(given.key, known.key) &&
    equal(given.type, known.type) &&
    equal(given.usage, known.usage) &&
    sameMoment(given.startDateTime, known.startDateTime) &&
    sameMoment(given.endDateTime, known.endDateTime)
  if (!same) throw badRequest(`Update to existing credential with KeyId '${known.keyId}' is not allowed.`)
  return known
}

function newKey(applicationId: string, given: GivenKey, others: readonly StoredKey[]): StoredKey {
  if (given.type !== 'AsymmetricX509Cert' || given.usage !== 'Verify') {
    throw badRequest("Key credential must have the type 'AsymmetricX509Cert' and the usage 'Verify'.")
  }
  const certificate = readCertificate(given.key)
  const start = given.startDateTime ?? certificate.validFromDate.toISOString()
  const end = given.endDateTime ?? certificate.validToDate.toISOString()
  checkDates(certificate, given, Date.parse(start), Date.parse(end))
  const key = certificate.raw.toString('base64')
  const again = others.filter((other) => other.key === key).length
  return {
    keyId: given.keyId?.toLowerCase() ?? guidOf(`${applicationId}/${key}/${again}`),
    type: given.type,
    usage: given.usage,
    displayName: given.displayName ?? certificate.subject.replaceAll('\n', ', '),
    startDateTime: seconds(start),
    endDateTime: seconds(end),
    customKeyIdentifier: given.customKeyIdentifier ?? certificate.fingerprint.replaceAll(':', ''),
    key,
  }
}

/** At most one year where dates are given, and never longer than the certificate itself. */
function checkDates(certificate: X509Certificate, given: GivenKey, start: number, end: number): void {
  const dated = (given.startDateTime ?? given.endDateTime ?? null) !== null
  const tooLong = dated && end - start > YEAR_MS
  const beyond = end > certificate.validToDate.getTime() + SLACK_MS
  if (end > start && !tooLong && !beyond) return
  throw new GraphFault(400, 'KeyCredentialsInvalidEndDate', 'Key credential end date is invalid.')
}

function readCertificate(key: string | null | undefined): X509Certificate {
  const text = key ?? ''
  try {
    if (!/^[A-Za-z0-9+/_-]+=*$/.test(text)) throw new Error('not Base64')
    return new X509Certificate(Buffer.from(text, 'base64'))
  } catch {
    throw badRequest("New key credential must have a valid 'key': the certificate in Base64.")
  }
}

/** As the certificate says, without fractions. */
const seconds = (text: string): string => new Date(text).toISOString().replace(/\.\d+Z$/, 'Z')

const equal = (given: string | null | undefined, known: string): boolean =>
  (given ?? null) === null || given === known

const sameMoment = (given: string | null | undefined, known: string): boolean =>
  (given ?? null) === null || Math.abs(Date.parse(given ?? '') - Date.parse(known)) < SLACK_MS
