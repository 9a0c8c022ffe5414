import type {ObjectId} from '../../model/brand.js'
import type {Journal, UserMemory} from '../../ports/journal.js'
import {MemoryDraft} from '../memory-draft.js'
import type {PgDatabase, Statements} from './pg-database.js'

type Remember = NonNullable<Parameters<Journal['outcome']>[3]['remember']>

/** P6, D4, O1: what a successful write leaves for later runs. Inside the transaction of its outcome. */
export async function rememberWrite(
  on: Statements,
  tenantId: string,
  user: ObjectId,
  what: Remember,
): Promise<void> {
  if ('number' in what) {
    const sql =
      'INSERT INTO numbers (tenant_id, "user", slot, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING'
    await on.run(sql, tenantId, user, what.number.slot, what.number.value)
    return
  }
  const {secretHash, serialNumber} = what.token
  const sql =
    'INSERT INTO tokens (tenant_id, "user", secret_hash, serial_number) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING'
  await on.run(sql, tenantId, user, secretHash, serialNumber)
}

/** U5 */
export async function rememberMigrated(
  db: Statements,
  tenantId: string,
  user: ObjectId,
  memory: NonNullable<UserMemory['migrated']>,
): Promise<void> {
  await db.run(
    `INSERT INTO migrated (tenant_id, "user", run, source, server_fingerprint, options_fingerprint, sms_or_voice_only, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant_id, "user") DO UPDATE SET run = excluded.run, source = excluded.source,
       server_fingerprint = excluded.server_fingerprint, options_fingerprint = excluded.options_fingerprint,
       sms_or_voice_only = excluded.sms_or_voice_only, at = excluded.at`,
    tenantId, user, memory.run, memory.source, memory.serverFingerprint, memory.optionsFingerprint,
    memory.smsOrVoiceOnly ? 1 : 0, memory.at,
  ) // prettier-ignore
}

const ASKED = '"user" = ANY($1::text[]) AND tenant_id = $2'

const MIGRATED = `SELECT *, (EXISTS (SELECT 1 FROM actions AS a
    WHERE a."user" = migrated."user" AND a.tenant_id = migrated.tenant_id
      AND (a.run > migrated.run OR (a.run = migrated.run AND a.intent_at > migrated.at))))::int AS written_since
  FROM migrated WHERE ${ASKED}`

// R1: a later attempt of the same action whose outcome is known settles the earlier ones.
const UNSETTLED = `SELECT * FROM actions AS a WHERE (status IS NULL OR status = 'unknown') AND ${ASKED}
  AND NOT EXISTS (SELECT 1 FROM actions AS b WHERE b."user" = a."user" AND b.action = a.action
                  AND b.tenant_id = a.tenant_id AND b.seq > a.seq AND b.status <> 'unknown')
  ORDER BY seq`

/** Four queries, however many users. Every user asked for has an entry. */
export async function readMemory(
  db: PgDatabase,
  tenantId: string,
  users: readonly ObjectId[],
): Promise<ReadonlyMap<ObjectId, UserMemory>> {
  const memory = new MemoryDraft(db.label, users)
  const rows = (sql: string) => db.all(sql, users, tenantId)
  memory.migrated(await rows(MIGRATED))
  memory.numbers(await rows(`SELECT * FROM numbers WHERE ${ASKED} ORDER BY seq`))
  memory.tokens(await rows(`SELECT * FROM tokens WHERE ${ASKED} ORDER BY seq`))
  memory.unsettled(await rows(UNSETTLED))
  return memory.users
}
