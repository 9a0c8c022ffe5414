import {createServer, type Server} from 'node:http'
import {createServer as createTlsServer} from 'node:https'
import type {AddressInfo} from 'node:net'

import type {TestCertificate} from '../helpers/certificates.js'

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const close = (server: Server) => async (): Promise<void> => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** A port of this machine on which nobody listens. */
export async function servePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await close(server)()
  return port
}

export async function startTlsServer({key, certificate}: TestCertificate) {
  const server = createTlsServer({key, cert: certificate}, (_, response) => response.end('{}'))
  return {url: `https://localhost:${await listen(server)}`, stop: close(server)}
}

/** Gives everybody this answer. */
export async function startOther(status: number, body: string, type: string) {
  const server = createServer((_, response) => response.writeHead(status, {'content-type': type}).end(body))
  return {url: `http://127.0.0.1:${await listen(server)}`, stop: close(server)}
}

/** Looks like a JSON Web Token; nobody has signed it. */
export function jwt(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({alg: 'RS256', typ: 'JWT'})}.${part(claims)}.bm90LWEtc2lnbmF0dXJl`
}
