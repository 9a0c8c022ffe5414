import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import * as https from 'node:https'
import {createServer, type AddressInfo, type Server} from 'node:net'
import {join} from 'node:path'
import {promisify} from 'node:util'

const openssl = (...args: readonly string[]) => promisify(execFile)('openssl', [...args])

export interface Authority {
  /** PEM file of the CA. */
  readonly ca: string
  /** Makes a certificate for these names, signed by the CA: a PEM file with its key. */
  issue(name: string, altNames: string, days?: number): Promise<string>
}

/** A CA of the test's own. */
export async function makeAuthority(folder: string): Promise<Authority> {
  const path = (name: string) => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    '-days',
    '30',
    '-subj',
    '/CN=Test CA of the loopback farm',
  )
  return {
    ca: path('ca.pem'),
    async issue(name, altNames, days = 90) {
      const request = `req -x509 -days ${days}`.split(' ')
      const signer = ['-CA', path('ca.pem'), '-CAkey', path('ca.key')]
      const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)]
      const extensions = ['-addext', `subjectAltName=${altNames}`, '-addext', 'basicConstraints=CA:FALSE']
      await openssl(...request, ...signer, ...key, ...files, '-subj', `/CN=${name}`, ...extensions)
      const pem = `${await readFile(path(`${name}.crt`), 'utf8')}${await readFile(path(`${name}.key`), 'utf8')}`
      await writeFile(path(`${name}.pem`), pem)
      return path(`${name}.pem`)
    },
  }
}

export interface WebMember {
  readonly port: number
  /** Requests that were no health checks. */
  readonly served: () => number
  stop(): Promise<void>
}

/** A portal that says with every answer which server it is, in a header and in the page. */
export async function startPortal(name: string, pem: string, port = 0): Promise<WebMember> {
  const text = await readFile(pem, 'utf8')
  let served = 0
  const server = https.createServer({key: text, cert: text}, (request, response) => {
    if (request.headers['user-agent'] !== undefined) served += 1
    response.setHeader('x-served-by', name)
    response.end(`<html><!-- node: ${name} -->The portal: ${request.url}</html>`)
  })
  await listen(server, port)
  return {
    port: (server.address() as AddressInfo).port,
    served: () => served,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Something that listens, such as the replication service. */
export async function startListener(): Promise<{readonly port: number; stop(): Promise<void>}> {
  const server = createServer((socket) => socket.on('error', () => {}).end())
  await listen(server, 0)
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const listen = (server: Server | https.Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })

/** A FreeRADIUS server's own folder with everything it needs; it answers Status-Server on `port` of 127.0.0.1. */
export async function radiusConfiguration(folder: string, port: number, secret: string): Promise<void> {
  const lines = [
    'prefix = /usr',
    'name = radiusd',
    `logdir = ${folder}`,
    `run_dir = ${folder}`,
    `pidfile = ${folder}/radiusd.pid`,
    'libdir = /usr/lib/freeradius',
    'max_requests = 1024',
    `log {\n destination = files\n file = ${folder}/radius.log\n}`,
    'security {\n allow_core_dumps = no\n reject_delay = 0\n max_attributes = 200\n status_server = yes\n}',
    'thread pool {\n start_servers = 1\n max_servers = 4\n min_spare_servers = 1\n max_spare_servers = 2\n}',
    'modules {\n always reject {\n  rcode = reject\n }\n}',
    `client loopback {\n ipaddr = 127.0.0.0/8\n secret = ${secret}\n require_message_authenticator = yes\n}`,
    `server default {\n listen {\n  type = auth\n  ipaddr = 127.0.0.1\n  port = ${port}\n }\n authorize {\n  reject\n }\n}`,
  ]
  await writeFile(join(folder, 'radiusd.conf'), `${lines.join('\n')}\n`)
}
