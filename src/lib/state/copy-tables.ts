import type {Row} from './database.js'

/** A table of the state, with the columns that order its rows. The columns are the same in SQLite and in PostgreSQL. */
export interface CopiedTable {
  readonly name: string
  readonly key: readonly string[]
  readonly columns: readonly string[]
  /** Numbered by the database itself: the numbers are copied too. */
  readonly numbered: boolean
}

const table = (name: string, key: string, columns: string): CopiedTable => ({
  name,
  key: key.split(' '),
  columns: columns.split(' '),
  numbered: key === 'seq',
})

/** In an order in which a row never refers to one that is not there yet. Locks are not copied: who holds one goes on where it is. */
export const COPIED: readonly CopiedTable[] = [
  table('meta', 'name', 'name value'),
  table(
    'runs',
    'id',
    'id kind tenant_id scope source_label source_fingerprint options resume_key started_at log_file status ended_at summary',
  ),
  table(
    'actions',
    'seq',
    'seq run tenant_id user user_principal_name action intent intent_at status outcome made outcome_at',
  ),
  table('images', 'run user', 'run user image at'),
  table('results', 'seq', 'seq run user user_principal_name source outcome findings at'),
  table(
    'latest',
    'tenant_id scope user',
    'tenant_id scope user user_principal_name source run outcome findings at failures stands',
  ),
  table(
    'migrated',
    'tenant_id user',
    'tenant_id user run source server_fingerprint options_fingerprint sms_or_voice_only at',
  ),
  table('numbers', 'seq', 'seq tenant_id user slot value'),
  table('tokens', 'seq', 'seq tenant_id user secret_hash serial_number'),
  table('permission_use', 'tenant_id client_id permission', 'tenant_id client_id permission last_used'),
]

/** Rows asked for, and written, at a time. */
export const COPY_PAGE = 500

/** One side of a copy. */
export interface CopyEnd {
  /** For people; no password. */
  readonly label: string
  /** Who holds a lock, in words. */
  holders(): Promise<readonly string[]>
  /** Rows in the order of the key, from behind `after` (values of the key) on. */
  page(table: CopiedTable, after: readonly unknown[] | undefined): Promise<readonly Row[]>
  /** All or nothing: what `work` puts is there when it resolves, and gone where it fails. */
  fill(
    work: (put: (table: CopiedTable, rows: readonly Row[]) => Promise<void>) => Promise<void>,
  ): Promise<void>
  close(): Promise<void>
}
