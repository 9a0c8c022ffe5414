import type {MigrationRequest} from './request.js'
import {groupPairs, type PairDeps} from './pair.js'

/** One line of the mapping file: who could not be matched, and why. */
export interface MappingExportRow {
  readonly userPrincipalName: string
  /** Empty: to be filled in by a person. */
  readonly username: string
  readonly reason: string
  readonly detail: string
}

/** Members without a safe match (U3), sorted by user principal name. Sends no write and reads no methods. */
export async function exportMapping(
  request: MigrationRequest,
  deps: PairDeps,
  signal: AbortSignal,
): Promise<readonly MappingExportRow[]> {
  const rows: MappingExportRow[] = []
  for await (const {pairs} of groupPairs(request, false, deps, signal)) {
    for (const {entra, finding} of pairs) {
      if (finding === undefined) continue
      const {userPrincipalName} = entra
      rows.push({userPrincipalName, username: '', reason: finding.code, detail: finding.detail})
    }
  }
  return rows
}
