import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {Secret} from '../../src/lib/model/secret.js'
import type {Source} from '../../src/lib/ports/source.js'
import {
  openWebServiceSdk,
  type WebServiceSdkOptions,
} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import {FakeClock} from '../fakes/clock.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {startPfServer, type PfFault, type PfServer, type PfServerOptions} from '../fakes/pf-server.js'
import {pfWsdl} from '../fakes/pf-wsdl.js'

const signal = new AbortController().signal
const opened: (PfServer | Source)[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function serve(options: PfServerOptions = {}): Promise<PfServer> {
  const server = await startPfServer([{username: 'anna'}], options)
  opened.push(server)
  return server
}

async function use(url: string, options: Partial<WebServiceSdkOptions> = {}): Promise<Source> {
  const source = await openWebServiceSdk(url, {
    clock: new FakeClock(),
    scratch: memoryScratch(),
    retries: 1,
    ...options,
  })
  opened.unshift(source)
  return source
}

/** What the user is told. */
async function failure(work: () => Promise<unknown>): Promise<MfaError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof MfaError) return error
    throw error
  }
  throw new Error('it did not fail')
}

const describing = async (url: string, options: Partial<WebServiceSdkOptions> = {}) =>
  (await use(url, options)).describe(signal)

describe('the address', () => {
  it.each([
    ['http://mfa1.contoso.com/PfWsSdk.asmx', 'plain http'],
    ['ftp://mfa1.contoso.com/PfWsSdk.asmx', 'not a web address'],
    ['mfa1.contoso.com', 'not a web address'],
    ['https://svc:pa55word@mfa1.contoso.com/PfWsSdk.asmx', 'a user name or a password in its address'],
  ])('%s is refused', async (url, words) => {
    const error = await failure(() => use(url))
    expect([error.exit, error.message]).toEqual(['usage', expect.stringContaining(words)])
    expect(error.message).toContain('--source')
    expect(`${error.message}${error.fix}`).not.toContain('pa55word')
  })

  it('may have ?wsdl at its end', async () => {
    const server = await serve()
    expect((await describing(`${server.url}?wsdl`)).facts.length).toBeGreaterThan(3)
  })

  it.each([
    [{username: 'svc'}, 'MFA_SOURCE_PASSWORD'],
    [{username: 'a:b', password: new Secret('x')}, 'colon'],
    [{caFile: '/no/such/ca.pem'}, '--source-ca /no/such/ca.pem'],
    [{certificate: {file: '/no/such/client.pfx'}}, '--source-certificate /no/such/client.pfx'],
  ])('options are checked first: %j', async (options, words) => {
    const error = await failure(() => use('https://localhost/PfWsSdk.asmx', options))
    expect([error.exit, error.message]).toEqual(['usage', expect.stringContaining(words)])
  })
})

describe('what a server may answer', () => {
  const page = '<!DOCTYPE html><html><body>Sign in</body></html>'
  const envelope = (body: string): string =>
    `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`
  const body = (text: string): PfFault => ({kind: 'body', body: text})
  it.each([
    ['TestSecurity', {kind: 'status', status: 401}, 'auth', 'MFA_SOURCE_USERNAME'],
    ['TestSecurity', {kind: 'status', status: 403}, 'auth', 'PhoneFactor Admins'],
    [
      'TestSecurity',
      {kind: 'status', status: 401, headers: {'www-authenticate': 'NTLM'}},
      'auth',
      'offers only NTLM',
    ],
    ['TestSecurity', {kind: 'status', status: 404}, 'data', 'no web service at this address'],
    [
      'TestSecurity',
      {kind: 'status', status: 302, headers: {location: '/login'}},
      'data',
      'elsewhere (HTTP 302 to /login)',
    ],
    ['TestSecurity', {kind: 'status', status: 500, body: page}, 'unavailable', 'HTTP 500'],
    ['TestSecurity', {kind: 'status', status: 503}, 'unavailable', 'HTTP 503'],
    ['TestSecurity', {kind: 'reset'}, 'unavailable', 'broke off'],
    ['TestSecurity', {kind: 'cut'}, 'unavailable', 'cut short'],
    ['TestSecurity', {kind: 'silent'}, 'unavailable', 'no whole answer within'],
    ['TestSecurity', {kind: 'fault', text: 'Access is denied.'}, 'data', 'SOAP fault: Access is denied.'],
    ['TestSecurity', {kind: 'body', body: page, contentType: 'text/html'}, 'data', 'web page'],
    ['?wsdl', {kind: 'body', body: page}, 'data', 'web page'],
    ['?wsdl', body('<a/>'), 'data', 'not a WSDL'],
    ['?wsdl', body('<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">'), 'data', 'WSDL'],
    [
      '?wsdl',
      body('<definitions><import location="http://127.0.0.1:9/x"/></definitions>'),
      'data',
      'not fetched',
    ],
    ['?wsdl', {kind: 'cut'}, 'unavailable', 'cut short'],
    ['FindUsers_4', {kind: 'cut'}, 'unavailable', 'cut short'],
    ['FindUsers_4', body('{}'), 'data', 'no SOAP answer'],
    ['FindUsers_4', body(envelope('<Other/>')), 'data', 'no FindUsers_4Response'],
    [
      'FindUsers_4',
      body(envelope('<FindUsers_4Response><FindUsers_4Result>x</FindUsers_4Result></FindUsers_4Response>')),
      'data',
      'neither true nor false',
    ],
    [
      'FindUsers_4',
      body(envelope('<FindUsers_4Response><b></FindUsers_4Response>')),
      'data',
      'not well-formed',
    ],
    ['FindUsers_4', body(`<!DOCTYPE a [<!ENTITY x "y">]>${envelope('&x;')}`), 'data', 'DOCTYPE'],
    [
      'FindUsers_4',
      body(
        envelope(
          '<FindUsers_4Response><FindUsers_4Result>false</FindUsers_4Result><error><Code>7</Code><Description>Not licensed</Description></error></FindUsers_4Response>',
        ),
      ),
      'data',
      'no with error 7 (Not licensed)',
    ],
    [
      'FindUsers_4',
      {kind: 'fault', text: 'Server was unable to process request.'},
      'data',
      'unable to process',
    ],
  ] satisfies [string, PfFault, string, string][])('%s: %j', async (operation, fault, exit, words) => {
    const server = await serve({fault: (call) => (call.operation === operation ? fault : undefined)})
    const error = await failure(() => describing(server.url, {timeoutMs: 300}))
    expect(error.exit).toBe(exit)
    expect(error.message).toContain(`${operation}: `)
    expect(`${error.message} ${error.fix}`).toContain(words)
    expect(error.fix).not.toBe('')
  })

  it('a server that is not there', async () => {
    const server = await startPfServer([])
    await server.close()
    expect(await failure(() => describing(server.url))).toMatchObject({
      exit: 'unavailable',
      message: expect.stringContaining('refused the connection'),
    })
  })

  it('a host that is not there', async () => {
    const error = await failure(() => describing('https://no-such-host.invalid/PfWsSdk.asmx'))
    expect(error).toMatchObject({exit: 'unavailable'})
    expect(error.message).toContain('no-such-host.invalid')
  })

  it('a description of more than one port with operations that are not for SOAP', async () => {
    const wsdl = pfWsdl('http://localhost/', {version: 3, without: [], rowItem: 'UserRow', richRows: false})
    const get =
      '<wsdl:binding name="PfWsSdkHttpGet" type="tns:PfWsSdkSoap"><wsdl:operation name="OnlyByGet"/></wsdl:binding><wsdl:service '
    const server = await serve({
      fault: ({operation}) =>
        operation === '?wsdl' ? {kind: 'body', body: wsdl.replace('<wsdl:service ', get)} : undefined,
    })
    expect((await describing(server.url)).facts).toContainEqual({
      name: 'operations',
      value: 'GetUserSettings_3, FindUsers_4, GetUserDevices',
    })
  })
})

describe('what source check tells', () => {
  it('server clues, operations, filter, users and time', async () => {
    const server = await serve()
    const {kind, label, facts} = await describing(server.url)
    expect({kind, label}).toEqual({kind: 'web-service-sdk', label: server.url})
    const values = Object.fromEntries(facts.map(({name, value}) => [name, value]))
    expect(values).toMatchObject({
      server: expect.stringMatching(
        /Microsoft-IIS\/8\.5; ASP\.NET 4\.0\.30319; ASP\.NET; .*GetUserSettings_3/,
      ),
      operations: 'GetUserSettings_3, FindUsers_4, GetUserDevices',
      'name filter': 'beginning of the name, letter case does not matter',
      'time per user': expect.stringMatching(/^\d+ ms/),
    })
  })
})

describe('over TLS', () => {
  let folder = ''
  const file = (name: string): string => join(folder, name)
  const text = (name: string): string => readFileSync(file(name), 'utf8')
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mfa-tls-'))
    for (const ca of ['server-ca', 'client-ca']) {
      openssl(
        'req',
        '-x509',
        ...KEY,
        '-keyout',
        file(`${ca}.key`),
        '-out',
        file(`${ca}.pem`),
        '-days',
        '2',
        '-subj',
        `/CN=Test ${ca}`,
      )
    }
    issue('server', 'server-ca', 'DNS:localhost')
    issue('other', 'server-ca', 'DNS:mfa.example.com')
    issue('client', 'client-ca', 'DNS:client.example.com')
    issue('stranger', 'server-ca', 'DNS:client.example.com')
    for (const name of ['client', 'stranger'])
      writeFileSync(file(`${name}.both.pem`), text(`${name}.pem`) + text(`${name}.key`))
    openssl(
      'pkcs12',
      '-export',
      '-in',
      file('client.pem'),
      '-inkey',
      file('client.key'),
      '-out',
      file('client.pfx'),
      '-passout',
      'pass:s3cret',
    )
  })
  afterAll(() => rmSync(folder, {recursive: true, force: true}))

  const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  function openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, {stdio: 'pipe'})
  }
  function issue(name: string, ca: string, alternative: string): void {
    const from = ['-CA', file(`${ca}.pem`), '-CAkey', file(`${ca}.key`)]
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${alternative}`,
      ...from,
    )
  }
  const tls = (name: string, clientCa?: string) => ({
    tls: {
      key: text(`${name}.key`),
      cert: text(`${name}.pem`),
      ...(clientCa && {clientCa: text(`${clientCa}.pem`)}),
    },
  })

  it('trusts a private CA that is given, and no other', async () => {
    const server = await serve(tls('server'))
    expect((await describing(server.url, {caFile: file('server-ca.pem')})).facts.length).toBeGreaterThan(3)
    for (const options of [{}, {caFile: file('client-ca.pem')}]) {
      const error = await failure(() => describing(server.url, options))
      expect(error).toMatchObject({exit: 'unavailable', message: expect.stringContaining('not trusted')})
      expect(error.fix).toContain('--source-ca')
    }
  })

  it('checks the name in the certificate', async () => {
    const server = await serve(tls('other'))
    const error = await failure(() => describing(server.url, {caFile: file('server-ca.pem')}))
    expect(error).toMatchObject({
      exit: 'unavailable',
      message: expect.stringContaining('issued for another name'),
    })
  })

  it('says so where there is no TLS', async () => {
    const server = await serve()
    const error = await failure(() => describing(server.url.replace('http://', 'https://')))
    expect(error).toMatchObject({exit: 'unavailable', message: expect.stringContaining('does not speak TLS')})
  })

  it('signs in with Basic authentication, to the description too', async () => {
    const server = await serve({...tls('server'), basic: {username: 'CONTOSO\\svc', password: 'pä55 wörd'}})
    const caFile = file('server-ca.pem')
    const right = {caFile, username: 'CONTOSO\\svc', password: new Secret('pä55 wörd')}
    expect((await describing(server.url, right)).facts.length).toBeGreaterThan(3)
    for (const options of [{caFile}, {...right, password: new Secret('wrong')}]) {
      const error = await failure(() => describing(server.url, options))
      expect(error).toMatchObject({exit: 'auth', message: expect.stringContaining('HTTP 401')})
      expect(error.message).not.toContain('wrong')
    }
  })

  it.each(['client.both.pem', 'client.pfx'])('signs in with the client certificate %s', async (name) => {
    const server = await serve(tls('server', 'client-ca'))
    const certificate = {file: file(name), ...(name.endsWith('pfx') && {password: new Secret('s3cret')})}
    expect(
      (await describing(server.url, {caFile: file('server-ca.pem'), certificate})).facts.length,
    ).toBeGreaterThan(3)
  })

  it.each(['none', 'stranger.both.pem'])(
    'says so where the client certificate is refused: %s',
    async (name) => {
      const server = await serve(tls('server', 'client-ca'))
      const certificate = name === 'none' ? undefined : {file: file(name)}
      const error = await failure(() => describing(server.url, {caFile: file('server-ca.pem'), certificate}))
      expect(error.message).toContain('client certificate')
      expect(error.fix).toContain('--source-certificate')
      // With TLS 1.3 a refusal may look like a broken connection.
      expect(error.exit).toBe(name === 'none' ? 'auth' : 'unavailable')
    },
  )

  it.each([
    ['client.pfx', 'password is missing or wrong'],
    ['client.pem', 'certificate or private key is missing'],
    ['garbage', 'neither PEM nor PFX'],
  ])('does not use %s', async (name, words) => {
    writeFileSync(file('garbage'), 'nothing')
    const error = await failure(() =>
      use('https://localhost/', {certificate: {file: file(name), password: new Secret('bad')}}),
    )
    expect([error.exit, error.message]).toEqual(['usage', expect.stringContaining(words)])
    expect(error.message).not.toContain('bad')
  })
})
