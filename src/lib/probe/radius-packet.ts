import {createHash, createHmac, timingSafeEqual} from 'node:crypto'

const STATUS_SERVER = 12
const MESSAGE_AUTHENTICATOR = 80
const HEADER = 20

/** A Status-Server request (RFC 5997) with its Message-Authenticator (RFC 3579). `authenticator` has 16 random bytes. */
export function statusServer(identifier: number, authenticator: Buffer, secret: string): Buffer {
  const packet = Buffer.alloc(HEADER + 18)
  packet[0] = STATUS_SERVER
  packet[1] = identifier
  packet.writeUInt16BE(packet.length, 2)
  authenticator.copy(packet, 4)
  packet[HEADER] = MESSAGE_AUTHENTICATOR
  packet[HEADER + 1] = 18
  createHmac('md5', secret)
    .update(packet)
    .digest()
    .copy(packet, HEADER + 2)
  return packet
}

/** Is this the answer to the request, by somebody who knows the secret? `other` is no answer to it at all. */
export function judgeAnswer(
  answer: Buffer,
  request: Buffer,
  secret: string,
): 'right' | 'wrong-secret' | 'other' {
  const length = answer.length >= HEADER ? answer.readUInt16BE(2) : 0
  if (length < HEADER || length > answer.length || answer[1] !== request[1]) return 'other'
  const packet = answer.subarray(0, length)
  const expected = createHash('md5')
    .update(packet.subarray(0, 4))
    .update(request.subarray(4, HEADER))
    .update(packet.subarray(HEADER))
    .update(secret)
    .digest()
  return timingSafeEqual(expected, packet.subarray(4, HEADER)) ? 'right' : 'wrong-secret'
}
