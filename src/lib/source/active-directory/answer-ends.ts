import {Ber, BerReader, PagedResultsControl, ProtocolOperation} from 'ldapts'

/** The last message of the answer to a search: what ldapts reads of it and does not hand out. */
export interface AnswerEnd {
  /** RFC 2696: empty on the last page; undefined where the server does not page. */
  readonly cookie: Buffer | undefined
  /** Where the server sends who asks for a base that it does not hold; LDAP addresses. */
  readonly referrals: readonly string[]
}

/**
 * Listens to what a server sends and keeps the end of the latest answer. ldapts drops the paging control of an answer
 * that it did not page itself (and its own paging takes an empty page for the last one), and the addresses of a referral.
 */
export class AnswerEnds {
  #rest: Buffer = Buffer.alloc(0)
  #latest: AnswerEnd | undefined

  /** Bytes as they come in. What cannot be read leaves no end behind. */
  readonly read = (piece: Buffer): void => {
    let rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    try {
      for (let length = messageLength(rest); length <= rest.length; length = messageLength(rest)) {
        this.#latest = answerEnd(rest.subarray(0, length)) ?? this.#latest
        rest = rest.subarray(length)
      }
    } catch {
      rest = Buffer.alloc(0)
    }
    this.#rest = rest
  }

  /** The end of the answer that has come in since this was called last. */
  take(): AnswerEnd | undefined {
    const latest = this.#latest
    this.#latest = undefined
    return latest
  }
}

/** Whole length of the message that begins here; infinite as long as that cannot be told. */
function messageLength(bytes: Buffer): number {
  const reader = new BerReader(bytes)
  return reader.readSequence() === null ? Infinity : reader.offset + reader.length
}

/** Undefined for any other message. Throws on what is no LDAP. */
function answerEnd(message: Buffer): AnswerEnd | undefined {
  const reader = new BerReader(message)
  reader.readSequence()
  reader.readInt()
  if (reader.peek() !== ProtocolOperation.LDAP_RES_SEARCH) return undefined
  reader.readSequence()
  reader.readEnumeration()
  reader.readString()
  reader.readString()
  const referrals = reader.peek() === REFERRAL ? within(reader, () => reader.readString() ?? '') : []
  const cookies =
    reader.peek() === ProtocolOperation.LDAP_CONTROLS ? within(reader, () => pagingCookie(reader)) : []
  return {referrals, cookie: cookies.find((cookie) => cookie !== undefined)}
}

/** RFC 4511: the referral of an LDAPResult, `[3]`. */
const REFERRAL = 0xa3

/** Everything inside of the sequence that comes next. */
function within<T>(reader: BerReader, next: () => T): readonly T[] {
  reader.readSequence()
  const end = reader.offset + reader.length
  const all: T[] = []
  while (reader.offset < end) all.push(next())
  return all
}

function pagingCookie(reader: BerReader): Buffer | undefined {
  reader.readSequence()
  const end = reader.offset + reader.length
  const type = reader.readString()
  if (reader.offset < end && reader.peek() === Ber.Boolean) reader.readBoolean()
  const value = reader.offset < end ? reader.readString(Ber.OctetString, true) : null
  if (type !== PagedResultsControl.type) return undefined
  const control = new PagedResultsControl()
  control.parse(new BerReader(value ?? Buffer.alloc(0)))
  return control.value?.cookie
}
