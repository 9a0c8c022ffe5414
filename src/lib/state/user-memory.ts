import type {ObjectId, RunId, SourceKey} from '../model/brand.js'
import {PHONE_SLOTS, type PhoneSlot} from '../model/entra-user.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'
import type {Database} from './database.js'
import {reader} from './decode.js'
import {actionRecord} from './records.js'

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

interface Draft {
  migrated?: NonNullable<UserMemory['migrated']>
  writtenSince?: boolean
  readonly numbers: Partial<Record<PhoneSlot, string[]>>
  readonly tokens: {readonly secretHash: string; readonly serialNumber: string}[]
  readonly unsettled: ActionRecord[]
}

/** Four queries, however many users. Every user asked for has an entry. */
export function readMemory(
  db: Database,
  tenantId: string,
  users: readonly ObjectId[],
): ReadonlyMap<ObjectId, UserMemory> {
  const memory = new Map<ObjectId, Draft>(
    users.map((user) => [user, {numbers: {}, tokens: [], unsettled: []}]),
  )
  const each = (sql: string, take: (draft: Draft, read: ReturnType<typeof reader>) => void): void => {
    for (const row of db.all(sql, JSON.stringify(users), tenantId)) {
      const read = reader(row, db.file, 'memory of a user')
      const draft = memory.get(read.text('user') as ObjectId)
      if (draft !== undefined) take(draft, read)
    }
  }
  const asked = 'user IN (SELECT value FROM json_each(?)) AND tenant_id = ?'

  const since = `EXISTS (SELECT 1 FROM actions AS a WHERE a.user = migrated.user AND a.tenant_id = migrated.tenant_id
    AND (a.run > migrated.run OR (a.run = migrated.run AND a.intent_at > migrated.at))) AS written_since`
  each(`SELECT *, ${since} FROM migrated WHERE ${asked}`, (draft, read) => {
    if (read.integer('written_since') === 1) draft.writtenSince = true
    draft.migrated = {
      run: read.text('run') as RunId,
      source: read.text('source') as SourceKey,
      serverFingerprint: read.text('server_fingerprint'),
      optionsFingerprint: read.text('options_fingerprint'),
      smsOrVoiceOnly: read.integer('sms_or_voice_only') === 1,
      at: read.text('at'),
    }
  })
  each(`SELECT * FROM numbers WHERE ${asked} ORDER BY seq`, (draft, read) => {
    const numbers = (draft.numbers[read.oneOf('slot', PHONE_SLOTS)] ??= [])
    numbers.push(read.text('value'))
  })
  each(`SELECT * FROM tokens WHERE ${asked} ORDER BY seq`, (draft, read) => {
    draft.tokens.push({secretHash: read.text('secret_hash'), serialNumber: read.text('serial_number')})
  })
  each(
    // R1: a later attempt of the same action whose outcome is known settles the earlier ones.
    `SELECT * FROM actions AS a WHERE (status IS NULL OR status = 'unknown') AND ${asked}
       AND NOT EXISTS (SELECT 1 FROM actions AS b WHERE b.user = a.user AND b.action = a.action
                       AND b.tenant_id = a.tenant_id AND b.seq > a.seq AND b.status <> 'unknown')
     ORDER BY seq`,
    (draft, read) => draft.unsettled.push(actionRecord(read.row, db.file)),
  )
  return memory
}
