import {randomBytes, randomInt} from 'node:crypto'
import {createSocket} from 'node:dgram'
import {isIPv6} from 'node:net'

import {errorCode} from '../errors/error-code.js'
import type {Secret} from '../model/secret.js'
import type {Endpoint, RadiusAnswer, RadiusPatience} from '../ports/network.js'
import type {Limits} from './limits.js'
import {resolveName} from './names.js'
import {judgeAnswer, statusServer} from './radius-packet.js'

/** Sends Status-Server from a port of its own, again after each interval, as a RADIUS client does. */
export async function askRadius(
  {host, port}: Endpoint,
  {intervalMs, transmissions}: RadiusPatience,
  secret: Secret,
  limits: Limits,
): Promise<RadiusAnswer> {
  const {signal} = limits
  signal.throwIfAborted()
  const found = await resolveName(host, limits)
  if (found.kind === 'unknown') return {kind: 'failed', why: found.why}
  const [address = ''] = found.addresses
  const key = secret.reveal()
  const packet = statusServer(randomInt(256), randomBytes(16), key)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const {promise, resolve, reject} = Promise.withResolvers<RadiusAnswer>()
  const start = performance.now()
  let sent = 0
  let timer: NodeJS.Timeout | undefined
  const abort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, {once: true})
  const send = (): void => {
    if (sent === transmissions) return resolve({kind: 'silent', ms: performance.now() - start})
    sent += 1
    socket.send(packet)
    timer = setTimeout(send, intervalMs)
  }
  // A connected socket hears that the port is closed, and takes answers from this server only.
  socket.on('error', (error) =>
    resolve(
      errorCode(error) === 'ECONNREFUSED'
        ? {kind: 'refused'}
        : {kind: 'failed', why: errorCode(error) ?? error.message},
    ),
  )
  socket.on('message', (answer) => {
    const verdict = judgeAnswer(answer, packet, key)
    if (verdict === 'right') resolve({kind: 'answered', ms: performance.now() - start, transmissions: sent})
    else if (verdict === 'wrong-secret') resolve({kind: 'wrong-secret'})
  })
  // Given to `connect` itself, it would be called where that fails as well.
  socket.once('connect', send)
  socket.connect(port, address)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    socket.close()
  }
}
