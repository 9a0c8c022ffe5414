import type {AuditLog, AuditQuery} from '../ports/audit-log.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {decode, type DecodedEntry, isAboutMfa} from './decode.js'

export interface ListDeps {
  readonly log: AuditLog
  readonly scratch: Scratch
  readonly ui: Ui
}

export interface Listed {
  /** Newest first. On disk, not in memory. */
  readonly entries: Bag<DecodedEntry>
  /** Entries that were read and are about something else. */
  readonly others: number
  /** Time of the newest entry of the whole log; undefined for an empty one. */
  readonly reaches: string | undefined
}

/** Reads and decodes entries; those that are not about MFA only with `everything`. */
export async function listEntries(
  query: AuditQuery,
  everything: boolean,
  {log, scratch, ui}: ListDeps,
  signal: AbortSignal,
): Promise<Listed> {
  const entries = scratch.bag<DecodedEntry>('audit-entries')
  let read = 0
  let others = 0
  for await (const page of log.entries(query, signal)) {
    for (const entry of page.flatMap(decode)) {
      if (everything || isAboutMfa(entry)) entries.add(String(read).padStart(12, '0'), entry)
      else others += 1
      read += 1
    }
    ui.emit({type: 'progress', phase: 'reading the audit log', done: read})
  }
  ui.emit({type: 'phase-end', phase: 'reading the audit log'})
  return {entries, others, reaches: await log.reaches(signal)}
}
