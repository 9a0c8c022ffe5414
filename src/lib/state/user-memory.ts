import type {ObjectId} from '../model/brand.js'
import type {Journal, UserMemory} from '../ports/journal.js'
import type {Database} from './database.js'
import {MemoryDraft} from './memory-draft.js'

type Remember = NonNullable<Parameters<Journal['outcome']>[3]['remember']>

/** P6, D4, O1: what a successful write leaves for later runs. Inside the transaction of its outcome. */
export function rememberWrite(db: Database, tenantId: string, user: ObjectId, what: Remember): void {
  if ('number' in what) {
    const sql =
      'INSERT INTO numbers (tenant_id, user, slot, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    db.run(sql, tenantId, user, what.number.slot, what.number.value)
  } else {
    const {secretHash, serialNumber} = what.token
    const sql =
      'INSERT INTO tokens (tenant_id, user, secret_hash, serial_number) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    db.run(sql, tenantId, user, secretHash, serialNumber)
  }
}

/** U5 */
export function rememberMigrated(
  db: Database,
  tenantId: string,
  user: ObjectId,
  memory: NonNullable<UserMemory['migrated']>,
): void {
  db.run(
    `INSERT OR REPLACE INTO migrated (tenant_id, user, run, source, server_fingerprint, options_fingerprint,
       sms_or_voice_only, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    tenantId, user, memory.run, memory.source, memory.serverFingerprint, memory.optionsFingerprint,
    memory.smsOrVoiceOnly ? 1 : 0, memory.at,
  ) // prettier-ignore
}

const ASKED = 'user IN (SELECT value FROM json_each(?)) AND tenant_id = ?'

const MIGRATED = `SELECT *, EXISTS (SELECT 1 FROM actions AS a
    WHERE a.user = migrated.user AND a.tenant_id = migrated.tenant_id
      AND (a.run > migrated.run OR (a.run = migrated.run AND a.intent_at > migrated.at))) AS written_since
  FROM migrated WHERE ${ASKED}`

// R1: a later attempt of the same action whose outcome is known settles the earlier ones.
const UNSETTLED = `SELECT * FROM actions AS a WHERE (status IS NULL OR status = 'unknown') AND ${ASKED}
  AND NOT EXISTS (SELECT 1 FROM actions AS b WHERE b.user = a.user AND b.action = a.action
                  AND b.tenant_id = a.tenant_id AND b.seq > a.seq AND b.status <> 'unknown')
  ORDER BY seq`

/** Four queries, however many users. Every user asked for has an entry. */
export function readMemory(
  db: Database,
  tenantId: string,
  users: readonly ObjectId[],
): ReadonlyMap<ObjectId, UserMemory> {
  const memory = new MemoryDraft(db.file, users)
  const rows = (sql: string) => db.all(sql, JSON.stringify(users), tenantId)
  memory.migrated(rows(MIGRATED))
  memory.numbers(rows(`SELECT * FROM numbers WHERE ${ASKED} ORDER BY seq`))
  memory.tokens(rows(`SELECT * FROM tokens WHERE ${ASKED} ORDER BY seq`))
  memory.unsettled(rows(UNSETTLED))
  return memory.users
}
