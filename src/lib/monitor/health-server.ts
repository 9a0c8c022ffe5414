import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import {isLoopback} from '../model/loopback.js'

export interface Health {
  /** Why it is not ready; undefined where it is. */
  notReady(): string | undefined
  metrics(): Promise<string>
}

export interface HealthServer {
  readonly url: string
  close(): Promise<void>
}

/** `127.0.0.1:9464`, `[::1]:9464`, `:9464` (this machine only). Throws MfaError `usage`. */
export function parseListen(text: string): {readonly host: string; readonly port: number} {
  const [, host = '', port = ''] = /^(\[[0-9a-f:]+\]|[^:]*):(\d{1,5})$/i.exec(text.trim()) ?? []
  if (port === '' || Number(port) > 65_535)
    throw new MfaError('LISTEN', `--listen: "${text}" is no address with a port`, {
      exit: 'usage',
      fix: 'Write it like 127.0.0.1:9464.',
    })
  return {host: host === '' ? '127.0.0.1' : host.replace(/^\[|\]$/g, ''), port: Number(port)}
}

/** Whether only this machine can ask. */
export const isPrivate = ({host}: {readonly host: string}): boolean => isLoopback(host)

/** `/live`, `/ready`, `/metrics`; GET alone, nothing secret, no user's name. Throws MfaError `usage` where the port is taken. */
export async function startHealthServer(
  at: {readonly host: string; readonly port: number},
  health: Health,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, {'Content-Type': type, 'Cache-Control': 'no-store'}).end(text)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'GET only\n')
    // Whatever may come: not everything that HTTP takes for a target is one to `URL`.
    const pathname = request.url?.split('?', 1)[0]
    if (pathname === '/live') return answer(200, 'live\n')
    if (pathname === '/ready') {
      const why = health.notReady()
      return why === undefined ? answer(200, 'ready\n') : answer(503, `${why}\n`)
    }
    if (pathname !== '/metrics') return answer(404, '/live, /ready, /metrics\n')
    health.metrics().then(
      (text) => answer(200, text, 'text/plain; version=0.0.4; charset=utf-8'),
      () => answer(500, 'no metrics\n'),
    )
  })
  await listen(server, at)
  const {port} = server.address() as AddressInfo
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, {host, port}: {readonly host: string; readonly port: number}): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const why = errorCode(error) ?? 'unknown reason'
      reject(
        new MfaError('LISTEN', `--listen: ${host}:${port} cannot be used (${why})`, {
          exit: 'usage',
          fix: 'Choose another port, or end what has it.',
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}
