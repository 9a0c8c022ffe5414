import {foldInto} from './latest-sql.js'

/** Tells our files from other SQLite files. */
export const APPLICATION_ID = 0x6d666131

/**
 * Step i takes a state file from version i to version i + 1. A step that was released is never edited: a later version
 * appends one. All steps of an upgrade run in one transaction.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
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
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_resume ON runs (resume_key, status);

  -- One row an attempt, in the order of the intents: a repeated attempt never hides what the first one made.
  CREATE TABLE actions (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tenant_id TEXT NOT NULL,
    user TEXT NOT NULL,
    user_principal_name TEXT NOT NULL,
    action TEXT NOT NULL,
    intent TEXT NOT NULL,
    intent_at TEXT NOT NULL,
    status TEXT,
    outcome TEXT,
    made TEXT,
    outcome_at TEXT
  ) STRICT;
  CREATE INDEX actions_run ON actions (run);
  CREATE INDEX actions_user ON actions (user, action);
  CREATE INDEX actions_unsettled ON actions (user) WHERE status IS NULL OR status = 'unknown';

  CREATE TABLE images (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    user TEXT NOT NULL,
    image TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (run, user)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE results (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    user TEXT NOT NULL,
    user_principal_name TEXT NOT NULL,
    source TEXT,
    outcome TEXT NOT NULL,
    findings TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX results_user ON results (run, user);

  CREATE TABLE migrated (
    tenant_id TEXT NOT NULL,
    user TEXT NOT NULL,
    run TEXT NOT NULL,
    source TEXT NOT NULL,
    server_fingerprint TEXT NOT NULL,
    options_fingerprint TEXT NOT NULL,
    sms_or_voice_only INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE numbers (
    seq INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    user TEXT NOT NULL,
    slot TEXT NOT NULL,
    value TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX numbers_value ON numbers (tenant_id, user, slot, value);

  CREATE TABLE tokens (
    seq INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    user TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    serial_number TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX tokens_value ON tokens (tenant_id, user, secret_hash, serial_number);

  CREATE TABLE locks (
    name TEXT PRIMARY KEY,
    ticket TEXT NOT NULL,
    host TEXT NOT NULL,
    user TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process TEXT NOT NULL,
    command TEXT NOT NULL,
    since TEXT NOT NULL,
    heartbeat TEXT NOT NULL,
    expires TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE permission_use (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    last_used TEXT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, permission)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What all results of a user of a group come to, so that nobody has to read every run: see LatestResult in ports/journal.ts.
  -- run to at are empty where no result has told anything; failures is empty where no round has told anything.
  CREATE TABLE latest (
    tenant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    user TEXT NOT NULL,
    user_principal_name TEXT NOT NULL,
    source TEXT,
    run TEXT,
    outcome TEXT,
    findings TEXT,
    at TEXT,
    failures INTEGER,
    stands TEXT NOT NULL,
    PRIMARY KEY (tenant_id, scope, user)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX latest_user ON latest (tenant_id, user);
  CREATE INDEX latest_stands ON latest (tenant_id, scope, stands);
  CREATE INDEX latest_failing ON latest (tenant_id, scope, user) WHERE failures > 0;

  ${foldInto("json_extract(r.scope, '$.id')", 'true ORDER BY t.seq')};

  CREATE INDEX runs_kind ON runs (tenant_id, kind, id);
  CREATE INDEX runs_scope ON runs (tenant_id, kind, scope, id);
  CREATE INDEX runs_unfinished ON runs (tenant_id, status, ended_at) WHERE status <> 'finished';
  `,
]
