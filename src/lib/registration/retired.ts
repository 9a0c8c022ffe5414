import {happened, pastChanges} from '../changes/past-changes.js'
import type {RegisteredKey} from '../ports/app-registration.js'
import type {Journal} from '../ports/journal.js'

export interface Retired {
  readonly thumbprintSha256: string
  readonly thumbprintSha1: string
  readonly subject: string
  /** When it was replaced. */
  readonly at: Date
}

/** The certificate that the one in use replaced, and that is still to be removed. */
export async function retired(
  journal: Journal,
  tenantId: string,
  current: string,
): Promise<Retired | undefined> {
  let found: Retired | undefined
  for await (const past of pastChanges(journal, tenantId, ['app'])) {
    const {kind, before, after} = past.change
    // That it is the one in use proves that it happened, even where a kill kept that off the record.
    if (kind === 'take-over-certificate') {
      const by = (after as {readonly thumbprintSha256?: string} | null)?.thumbprintSha256
      if (by === current) found = {...(before as Omit<Retired, 'at'>), at: new Date(past.at)}
    }
    if (kind === 'remove-key' && found !== undefined && happened(past)) {
      const gone = before as Pick<RegisteredKey, 'thumbprintSha1'> | null
      if (gone?.thumbprintSha1 === found.thumbprintSha1) found = undefined
    }
  }
  return found
}

/** Graph's id of a certificate that runs of ours registered. */
export async function keyIdOf(
  journal: Journal,
  tenantId: string,
  thumbprint: string,
): Promise<string | undefined> {
  let keyId: string | undefined
  for await (const {change, made} of pastChanges(journal, tenantId, ['app'])) {
    const facts = change.after as {readonly thumbprintSha256?: string} | null
    if (change.kind === 'add-key' && facts?.thumbprintSha256 === thumbprint) keyId = made?.['keyId'] ?? keyId
  }
  return keyId
}
