import {createServer} from 'node:http'
import * as http from 'node:http'
import * as https from 'node:https'
import type {AddressInfo} from 'node:net'
import {chmod, mkdir} from 'node:fs/promises'
import {join} from 'node:path'

import {XMLParser, XMLValidator} from 'fast-xml-parser'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {makeCertificate} from '../helpers/certificates.js'
import {freePorts} from '../helpers/free-ports.js'
import {newPlace, type Place} from '../helpers/mfa.js'
import {nginxIn} from '../helpers/nginx.js'
import {needing, run, start, untilOpen} from '../helpers/programs.js'

let place: Place
beforeAll(async () => {
  place = await newPlace()
  // Worker processes of nginx may be somebody else.
  await chmod(place.folder, 0o755)
})
afterAll(() => place.remove())

const PORTAL_PATHS = [
  '/',
  '/MultiFactorAuth',
  '/multifactorauth/',
  '/MultiFactorAuth/login.aspx?ReturnUrl=%2fx',
  '/MultiFactorAuth/a/b/c?x=1&y=2',
  '/anything%20else',
  '/MultiFactorAuthWebServiceSdkOther',
]
const OTHER_PATHS = [
  '/MultiFactorAuthMobileAppWebService/PfPaWs.asmx',
  '/multifactorauthwebservicesdk/PfWsSdk.asmx',
]

interface Answer {
  readonly status: number | undefined
  readonly location: string | undefined
  readonly caching: string | undefined
  readonly body: string
}

function ask(port: number, path: string, options: https.RequestOptions = {}, tls = false): Promise<Answer> {
  const client = tls ? https : http
  return new Promise((resolve, reject) => {
    const request = client.request(
      {host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false, ...options},
      (response) => {
        let body = ''
        response.on('data', (text: Buffer) => (body += text.toString()))
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            location: response.headers.location,
            caching: response.headers['cache-control'],
            body,
          }),
        )
      },
    )
    request.on('error', reject)
    request.end()
  })
}

const RIGHT = {status: 302, location: 'https://aka.ms/mfasetup', caching: 'no-store'}

const PROGRAMS = {
  nginx: {file: 'portal-redirect-nginx.conf', argumentsFor: nginxIn},
  haproxy: {
    file: 'portal-redirect-haproxy.cfg',
    argumentsFor: async (_folder: string, config: string) => ({
      check: ['-c', '-f', config],
      serve: ['-db', '-f', config],
    }),
  },
} as const

const NEEDED = (['nginx', 'haproxy'] as const).map((name) => ({name, ...needing(name)}))

describe.each(NEEDED)('$name $note', ({name, skips}) => {
  const {file, argumentsFor} = PROGRAMS[name]

  const serving = async (
    folder: string,
    port: number,
    args: readonly string[],
    body: () => Promise<void>,
  ) => {
    const out = join(place.work, folder)
    await mkdir(out, {recursive: true})
    const made = await place.mfa([
      'portal',
      'redirect',
      '--format',
      name,
      '--listen',
      `127.0.0.1:${port}`,
      '--out',
      out,
      ...args,
    ])
    expect({code: made.code, stderr: made.stderr}).toMatchObject({code: 0})
    const path = join(out, file)
    const {check, serve} = await argumentsFor(out, path)
    const checked = run(name, check, out)
    expect(checked.code, checked.said).toBe(0)
    const running = start(name, serve, out)
    try {
      await untilOpen(port, running)
      await body()
    } finally {
      await running.stop()
    }
  }

  test.skipIf(skips)(
    'any path of the portal answers 302 to aka.ms/mfasetup; the other services do not',
    {timeout: 60_000},
    async () => {
      const [port = 0] = await freePorts(1)
      await serving(`${name}-plain`, port, [], async () => {
        for (const path of PORTAL_PATHS)
          expect({path, ...(await ask(port, path))}).toMatchObject({path, ...RIGHT})
        for (const method of ['HEAD', 'POST'])
          expect(await ask(port, '/MultiFactorAuth/', {method})).toMatchObject(RIGHT)
        expect((await ask(port, '/', {headers: {host: 'whatever.example.com'}})).location).toBe(
          RIGHT.location,
        )
        for (const path of OTHER_PATHS) expect((await ask(port, path)).status).toBe(404)
      })
    },
  )

  test.skipIf(skips)('a forward over TLS is accepted', {timeout: 60_000}, async () => {
    const out = join(place.work, `${name}-forward`)
    const args = ['--format', name, '--forward', 'https://localhost:1', '--listen', '127.0.0.1:18080']
    expect((await place.mfa(['portal', 'redirect', ...args, '--out', out])).code).toBe(0)
    const {check} = await argumentsFor(out, join(out, file))
    const checked = run(name, check, out)
    expect(checked.code, checked.said).toBe(0)
  })

  test.skipIf(skips)(
    'over TLS, with the other services forwarded to the old server',
    {timeout: 60_000},
    async () => {
      const old = createServer((request, response) => response.end(`old server: ${request.url}`))
      await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
      const {port: oldPort} = old.address() as AddressInfo
      const {file: certificate} = await makeCertificate(place.work, `${name}-portal`)
      const [port = 0] = await freePorts(1)
      const args = ['--certificate', certificate, '--forward', `http://127.0.0.1:${oldPort}`]
      try {
        await serving(`${name}-tls`, port, args, async () => {
          expect(await ask(port, '/MultiFactorAuth/x', {}, true)).toMatchObject(RIGHT)
          for (const path of OTHER_PATHS)
            expect(await ask(port, path, {}, true)).toMatchObject({status: 200, body: `old server: ${path}`})
        })
      } finally {
        old.closeAllConnections()
        old.close()
      }
    },
  )
})

test('IIS: well-formed, one rule for everything, temporary; what people must know is said', async () => {
  const made = await place.mfa(['portal', 'redirect'])
  expect(made.code).toBe(0)
  expect(made.stdout + made.stderr).toMatch(/RADIUS or LDAP clients .* may still need the old portal/)
  expect(XMLValidator.validate(made.stdout)).toBe(true)
  const parsed = new XMLParser({ignoreAttributes: false, attributeNamePrefix: ''}).parse(made.stdout) as {
    configuration: {'system.webServer': {rewrite: {rules: {rule: Record<string, Record<string, string>>}}}}
  }
  const {rule} = parsed.configuration['system.webServer'].rewrite.rules
  expect(new RegExp(rule['match']?.['url'] ?? '^$').test('MultiFactorAuth/login.aspx')).toBe(true)
  expect(rule['action']).toEqual({
    type: 'Redirect',
    url: 'https://aka.ms/mfasetup',
    appendQueryString: 'false',
    redirectType: 'Found',
  })
})

test('--json holds the file; --out writes it for its owner', async () => {
  const json = (await place.mfa(['portal', 'redirect', '--format', 'haproxy', '--json'])).json()
  expect(json).toMatchObject({
    format: 'haproxy',
    location: 'https://aka.ms/mfasetup',
    files: [{name: 'portal-redirect-haproxy.cfg'}],
  })
  const out = await place.mfa(['portal', 'redirect', '--out', join(place.work, 'iis')])
  expect(out.stdout).toContain('web.config')
  expect(await place.read('iis/web.config')).toContain('\r\n')
})

test.each([
  ['a listener with another directive', ['--format', 'nginx', '--listen', '80; root /']],
  ['a listener with a word in front', ['--format', 'nginx', '--listen', 'x;80']],
  ['a port out of range', ['--format', 'haproxy', '--listen', '70000']],
  ['a certificate with blanks', ['--format', 'nginx', '--certificate', 'a b.pem']],
  ['a forward with a path', ['--format', 'nginx', '--forward', 'https://mfa.contoso.com/x']],
  ['a forward that is no address', ['--format', 'haproxy', '--forward', 'mfa.contoso.com']],
  ['a listener for IIS', ['--listen', '80']],
  ['another format', ['--format', 'apache']],
])('%s is refused with 64', async (_what, args) => {
  const made = await place.mfa(['portal', 'redirect', ...args])
  expect(made.code).toBe(64)
  expect(made.stderr).toMatch(/^error: .*--/)
  expect(made.stdout).toBe('')
})
