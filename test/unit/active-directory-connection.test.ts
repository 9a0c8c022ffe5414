import {type AddressInfo, createServer, type Socket} from 'node:net'
import {networkInterfaces} from 'node:os'
import {afterEach, describe, expect, test} from 'vitest'

import {Secret} from '../../src/lib/model/secret.js'
import {openActiveDirectory} from '../../src/lib/source/active-directory/active-directory.js'
import {FakeClock} from '../fakes/clock.js'

const PASSWORD = 'Invented-Pass-0123!'
const NAME = 'svc-mfa@corp.example.com'
/** ExtendedResponse with protocolError, as from a server that knows no StartTLS; the id is that of the request. */
function noStartTls(socket: Socket, request: Buffer): void {
  const answer = Buffer.from('300c02010078070a010204000400', 'hex')
  answer[4] = request[4] ?? 0
  socket.write(answer)
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A port that keeps what it is sent. */
async function listen(
  answer: (socket: Socket, piece: Buffer) => void,
  address = '127.0.0.1',
): Promise<{port: number; heard: () => Buffer}> {
  const pieces: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece)
      answer(socket, piece)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {port: (server.address() as AddressInfo).port, heard: () => Buffer.concat(pieces)}
}

const open = (urls: readonly string[], signal = new AbortController().signal) =>
  openActiveDirectory(
    {
      urls,
      attribute: 'mail',
      account: {username: NAME, password: new Secret(PASSWORD)},
      clock: new FakeClock(),
      warn: () => undefined,
      connectTimeoutMs: 200,
      answerTimeoutMs: 200,
    },
    signal,
  )

describe('nothing is said in the clear', () => {
  test.each<[string, (socket: Socket, piece: Buffer) => void, string]>([
    ['a server without StartTLS', noStartTls, 'no StartTLS'],
    ['a server that hangs up', (socket) => void socket.destroy(), 'hung up'],
    ['a server that is silent', () => undefined, 'no answer in time'],
  ])('to %s', async (_, answer, text) => {
    const {port, heard} = await listen(answer)
    await expect(open([`ldap://127.0.0.1:${port}`])).rejects.toMatchObject({
      message: expect.stringContaining(text),
    })
    // The request for StartTLS, and no more than that and a good-bye.
    expect(heard().toString('latin1')).toContain('1.3.6.1.4.1.1466.20037')
    expect(heard().toString('latin1')).not.toContain(PASSWORD)
    expect(heard().toString('latin1')).not.toContain(NAME)
  })

  test('to a server that does not speak TLS where TLS is spoken from the start', async () => {
    const {port, heard} = await listen((socket) => void socket.end('220 hello\r\n'))
    await expect(open([`ldaps://127.0.0.1:${port}`])).rejects.toMatchObject({
      exit: 'usage',
      code: 'AD_CERTIFICATE',
    })
    expect(heard().toString('latin1')).not.toContain(PASSWORD)
  })
})

test('a silent server is given up after its time, and the next one is tried', async () => {
  const silent = await listen(() => undefined)
  const plain = await listen(noStartTls)
  const failed = open([`ldaps://127.0.0.1:${silent.port}`, `ldap://127.0.0.1:${plain.port}`])
  // Both are named; what can be corrected comes first.
  await expect(failed).rejects.toMatchObject({
    exit: 'usage',
    message: expect.stringMatching(/no StartTLS.*no answer in time/),
  })
})

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({address}) => address === '::1'))

test.skipIf(!hasIpv6)('an IPv6 address is an address', async () => {
  const {port, heard} = await listen(noStartTls, '::1')
  await expect(open([`ldap://[::1]:${port}`])).rejects.toMatchObject({
    message: expect.stringContaining('no StartTLS'),
  })
  expect(heard().length).toBeGreaterThan(0)
})

test('Ctrl-C ends the wait', async () => {
  const {port} = await listen(() => undefined)
  const stop = new AbortController()
  const failed = open([`ldaps://127.0.0.1:${port}`], stop.signal)
  stop.abort(new Error('enough'))
  await expect(failed).rejects.toThrow('enough')
})
