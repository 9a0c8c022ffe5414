import type {ObjectId, RunId, SourceKey} from '../model/brand.js'
import {PHONE_SLOTS, type PhoneSlot} from '../model/entra-user.js'
import type {ActionRecord, UserMemory} from '../ports/journal.js'
import type {Row} from './database.js'
import {type Reader, reader} from './decode.js'
import {actionRecord} from './records.js'

interface Draft {
  migrated?: NonNullable<UserMemory['migrated']>
  writtenSince?: boolean
  readonly numbers: Partial<Record<PhoneSlot, string[]>>
  readonly tokens: {readonly secretHash: string; readonly serialNumber: string}[]
  readonly unsettled: ActionRecord[]
}

/** What the tables of a state hold about some users, put together row by row. Every user asked for has an entry. */
export class MemoryDraft {
  readonly #file: string
  readonly #users: Map<ObjectId, Draft>

  /** @param file where the rows come from, for what is said of a damaged one */
  constructor(file: string, users: readonly ObjectId[]) {
    this.#file = file
    this.#users = new Map(users.map((user) => [user, {numbers: {}, tokens: [], unsettled: []}]))
  }

  get users(): ReadonlyMap<ObjectId, UserMemory> {
    return this.#users
  }

  /** Of the table `migrated`, with `written_since` (1 where runs of ours wrote to the user afterwards). */
  migrated(rows: readonly Row[]): void {
    this.#each(rows, (draft, read) => {
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
  }

  numbers(rows: readonly Row[]): void {
    this.#each(rows, (draft, read) => {
      const numbers = (draft.numbers[read.oneOf('slot', PHONE_SLOTS)] ??= [])
      numbers.push(read.text('value'))
    })
  }

  tokens(rows: readonly Row[]): void {
    this.#each(rows, (draft, read) => {
      draft.tokens.push({secretHash: read.text('secret_hash'), serialNumber: read.text('serial_number')})
    })
  }

  /** R1: actions whose outcome nobody knows, and that no later attempt settled. */
  unsettled(rows: readonly Row[]): void {
    this.#each(rows, (draft, read) => draft.unsettled.push(actionRecord(read.row, this.#file)))
  }

  #each(rows: readonly Row[], take: (draft: Draft, read: Reader) => void): void {
    for (const row of rows) {
      const read = reader(row, this.#file, 'memory of a user')
      const draft = this.#users.get(read.text('user') as ObjectId)
      if (draft !== undefined) take(draft, read)
    }
  }
}
