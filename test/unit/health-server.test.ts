import {connect} from 'node:net'

import {expect, it} from 'vitest'

import {startHealthServer} from '../../src/lib/monitor/health-server.js'
import {whyNotReady} from '../../src/wire-sync-health.js'

/** The status line that a request line gets, sent as it is. */
function ask(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`),
    )
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    socket.once('error', reject)
    socket.once('close', () => resolve(text.split('\r\n', 1)[0] ?? ''))
  })
}

it('answers whatever it is asked, and goes on', async () => {
  let why: string | undefined = 'no round has ended yet'
  const server = await startHealthServer(
    {host: '127.0.0.1', port: 0},
    {notReady: () => why, metrics: () => Promise.reject(new Error('broken'))},
  )
  const port = Number(new URL(server.url).port)
  try {
    for (const target of ['//', '//[', 'http://[', '/%', '*', '/nothing'])
      expect(await ask(port, `GET ${target} HTTP/1.1`), target).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(await ask(port, 'GET /live?verbose HTTP/1.1')).toBe('HTTP/1.1 200 OK')
    expect(await ask(port, 'POST /live HTTP/1.1')).toBe('HTTP/1.1 405 Method Not Allowed')
    expect(await ask(port, 'GET /ready HTTP/1.1')).toBe('HTTP/1.1 503 Service Unavailable')
    why = undefined
    expect(await ask(port, 'GET /ready HTTP/1.1')).toBe('HTTP/1.1 200 OK')
    expect(await ask(port, 'GET /metrics HTTP/1.1')).toBe('HTTP/1.1 500 Internal Server Error')
  } finally {
    await server.close()
  }
})

it('says which address cannot be used', async () => {
  const health = {notReady: () => undefined, metrics: async () => ''}
  const first = await startHealthServer({host: '127.0.0.1', port: 0}, health)
  const port = Number(new URL(first.url).port)
  await expect(startHealthServer({host: '127.0.0.1', port}, health)).rejects.toMatchObject({
    code: 'LISTEN',
    exit: 'usage',
    message: expect.stringContaining(`127.0.0.1:${port} cannot be used`) as string,
  })
  await first.close()
})

it('says why it is not ready by the code of an error, whose text may name somebody', () => {
  const at = new Date('2026-06-01T12:00:00Z')
  const error = {code: 'GRAPH_UNREACHABLE', message: 'GET /users/ada@contoso.com: no answer'}
  const state = {rounds: 1, skipped: 0, errors: 1, failed: 1, nextAt: at.toISOString(), error}
  const standing = {state, leads: true, before: undefined, trouble: undefined}
  expect(whyNotReady(standing, 1000, at)).toBe('GRAPH_UNREACHABLE')
  expect(whyNotReady({...standing, before: '2026-06-01T11:00:00Z'}, 1000, at)).toBe(
    'no round went well since 2026-06-01T11:00:00Z: GRAPH_UNREACHABLE',
  )
  expect(whyNotReady({...standing, before: '2026-06-01T11:59:59Z'}, 1000, at)).toBeUndefined()
  const follows = {...standing, leads: false, trouble: {code: 'SOURCE_UNREADABLE', at: at.getTime()}}
  expect(whyNotReady(follows, 1000, at)).toBe('SOURCE_UNREADABLE')
  expect(whyNotReady(follows, 1000, new Date(at.getTime() + 1001))).toBeUndefined()
})
