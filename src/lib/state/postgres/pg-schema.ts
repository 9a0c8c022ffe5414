import {MfaError} from '../../errors/mfa-error.js'
import {foldInto} from '../latest-sql.js'
import {LONG_MS, type PgDatabase} from './pg-database.js'

/**
 * Step i takes the tables from version i to version i + 1. A step that was released is never edited: a later version appends
 * one. The same names and columns as in SQLite, so that both are read by the same code and one can be copied to the other.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BYTEA NOT NULL);

  CREATE TABLE runs (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    scope TEXT,
    source_label TEXT NOT NULL,
    source_fingerprint TEXT NOT NULL,
    options TEXT NOT NULL,
    resume_key TEXT NOT NULL,
    started_at TEXT NOT NULL,
    log_file TEXT,
    status TEXT NOT NULL,
    ended_at TEXT,
    summary TEXT
  );
  CREATE INDEX runs_resume ON runs (resume_key, status);

  CREATE TABLE actions (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tenant_id TEXT NOT NULL,
    "user" TEXT NOT NULL,
    user_principal_name TEXT NOT NULL,
    action TEXT NOT NULL,
    intent TEXT NOT NULL,
    intent_at TEXT COLLATE "C" NOT NULL,
    status TEXT,
    outcome TEXT,
    made TEXT,
    outcome_at TEXT
  );
  CREATE INDEX actions_run ON actions (run, seq);
  CREATE INDEX actions_user ON actions ("user", action);
  CREATE INDEX actions_unsettled ON actions ("user") WHERE status IS NULL OR status = 'unknown';

  CREATE TABLE images (
    run TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    "user" TEXT NOT NULL,
    image TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (run, "user")
  );

  CREATE TABLE results (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    "user" TEXT NOT NULL,
    user_principal_name TEXT NOT NULL,
    source TEXT,
    outcome TEXT NOT NULL,
    findings TEXT NOT NULL,
    at TEXT NOT NULL
  );
  CREATE UNIQUE INDEX results_user ON results (run, "user");

  CREATE TABLE migrated (
    tenant_id TEXT NOT NULL,
    "user" TEXT NOT NULL,
    run TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    server_fingerprint TEXT NOT NULL,
    options_fingerprint TEXT NOT NULL,
    sms_or_voice_only INTEGER NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, "user")
  );

  CREATE TABLE numbers (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    "user" TEXT NOT NULL,
    slot TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (tenant_id, "user", slot, value)
  );

  CREATE TABLE tokens (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    "user" TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    UNIQUE (tenant_id, "user", secret_hash, serial_number)
  );

  CREATE TABLE locks (
    name TEXT PRIMARY KEY,
    ticket TEXT NOT NULL,
    host TEXT NOT NULL,
    "user" TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process TEXT NOT NULL,
    command TEXT NOT NULL,
    since TEXT NOT NULL,
    heartbeat TEXT NOT NULL,
    expires TEXT COLLATE "C" NOT NULL
  );

  CREATE TABLE permission_use (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    permission TEXT COLLATE "C" NOT NULL,
    last_used TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, client_id, permission)
  );
  `,
  // Times are the server's own: leases and budgets concern machines whose clocks differ.
  `
  CREATE TABLE leases (
    lock TEXT NOT NULL,
    item TEXT NOT NULL,
    ticket TEXT NOT NULL,
    holder TEXT NOT NULL,
    process TEXT NOT NULL,
    expires TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lock, item)
  );
  CREATE INDEX leases_holder ON leases (holder);

  CREATE TABLE budgets (
    name TEXT PRIMARY KEY,
    next_at TIMESTAMPTZ NOT NULL,
    last_start TIMESTAMPTZ NOT NULL
  );

  CREATE TABLE budget_blocks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    starts TIMESTAMPTZ NOT NULL,
    ends TIMESTAMPTZ NOT NULL
  );
  CREATE INDEX budget_blocks_name ON budget_blocks (name, ends);
  `,
  `
  -- What all results of a user of a group come to, so that nobody has to read every run: see LatestResult in ports/journal.ts.
  -- run to at are empty where no result has told anything; failures is empty where no round has told anything.
  CREATE TABLE latest (
    tenant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    user_principal_name TEXT NOT NULL,
    source TEXT,
    run TEXT COLLATE "C",
    outcome TEXT,
    findings TEXT,
    at TEXT,
    failures INTEGER,
    stands TEXT NOT NULL,
    PRIMARY KEY (tenant_id, scope, "user")
  );
  CREATE INDEX latest_user ON latest (tenant_id, "user");
  CREATE INDEX latest_stands ON latest (tenant_id, scope, stands);
  CREATE INDEX latest_failing ON latest (tenant_id, scope, "user") WHERE failures > 0;

  -- One result after the other: a single statement may change a row only once.
  DO $$
  DECLARE told RECORD;
  BEGIN
    FOR told IN SELECT run, "user" FROM results ORDER BY seq LOOP
  ${foldInto("r.scope::json ->> 'id'", 't.run = told.run AND t."user" = told."user"')};
    END LOOP;
  END $$;

  CREATE INDEX runs_kind ON runs (tenant_id, kind, id);
  CREATE INDEX runs_scope ON runs (tenant_id, kind, scope, id);
  CREATE INDEX runs_unfinished ON runs (tenant_id, status, ended_at) WHERE status <> 'finished';
  `,
]

/** Any number will do, as long as everybody takes the same. */
const LOCK = 0x6d_66_61_31

/**
 * Brings the tables up to date, one machine at a time. Throws MfaError `usage` if they were made by a newer version.
 * A role without the right to create anything can use tables that are up to date.
 */
export async function migrateSchema(db: PgDatabase, schema: string): Promise<void> {
  const known = await db.get('SELECT to_regclass($1) IS NOT NULL AS there', `${schema}.schema_version`)
  if (known?.['there'] === (true as never) && (await versionOf(db)) === MIGRATIONS.length) return
  await db.transaction(async (on) => {
    await on.run('SELECT pg_advisory_xact_lock($1)', LOCK)
    await on.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await on.run('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)')
    const version = Number(
      (await on.get('SELECT max(version) AS version FROM schema_version'))?.['version'] ?? 0,
    )
    if (version > MIGRATIONS.length)
      throw new MfaError('STATE_NEWER', `state ${db.label} was made by a newer version of mfa`, {
        exit: 'usage',
        fix: 'Use that version or a newer one on every machine.',
      })
    for (const [index, step] of MIGRATIONS.entries()) {
      if (index < version) continue
      await on.run(step)
      await on.run('INSERT INTO schema_version (version) VALUES ($1)', index + 1)
    }
  }, LONG_MS)
}

async function versionOf(db: PgDatabase): Promise<number> {
  return Number((await db.get('SELECT max(version) AS version FROM schema_version'))?.['version'] ?? 0)
}
