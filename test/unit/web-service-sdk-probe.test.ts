import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createSecureContext, type SecureContext} from 'node:tls'

import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'

import {Secret} from '../../src/lib/model/secret.js'
import type {SdkTarget} from '../../src/lib/ports/network.js'
import {probeSdk, type ProbeOptions} from '../../src/lib/source/web-service-sdk/probe-sdk.js'
import {type PfServer, type PfServerOptions, startPfServer} from '../fakes/pf-server.js'
import {makeAuthority} from '../helpers/loopback-farm.js'

const BASIC = {username: 'CONTOSO\\svc-mfa', password: 'not-a-secret'}

let folder: string
let pem = ''
let trusted: SecureContext
const servers: PfServer[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-sdk-probe-'))
  const authority = await makeAuthority(folder)
  trusted = createSecureContext({ca: await readFile(authority.ca, 'utf8')})
  pem = await readFile(await authority.issue('sdk', 'DNS:mfaapp.contoso.com'), 'utf8')
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
afterAll(() => rm(folder, {recursive: true, force: true}))

/** A server whose certificate has the balanced name only, and the way to it. */
async function serve(more: PfServerOptions = {}): Promise<{server: PfServer; target: SdkTarget}> {
  const server = await startPfServer([], {tls: {key: pem, cert: pem}, basic: BASIC, ...more})
  servers.push(server)
  const port = Number(new URL(server.url).port)
  return {
    server,
    target: {
      url: 'https://mfaapp.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx',
      via: {host: '127.0.0.1', port},
    },
  }
}

const ask = (target: SdkTarget, more: Partial<ProbeOptions> = {}) =>
  probeSdk(
    target,
    {
      username: BASIC.username,
      password: new Secret(BASIC.password),
      context: trusted,
      withCertificate: false,
      timeoutMs: 3000,
      ...more,
    },
    new AbortController().signal,
  )

describe('probing the SDK of one server', () => {
  it('asks under the balanced name, and two operations only', async () => {
    const {server, target} = await serve()
    expect(await ask(target)).toEqual({kind: 'answered', greeting: BASIC.username, reachesPrimary: true})
    expect(server.calls.map(({operation}) => operation)).toEqual(['TestSecurity', 'TestMasterConnection'])
  })

  it('says that the primary is not reached, or that nothing is said', async () => {
    expect(await ask((await serve({reachesPrimary: false})).target)).toMatchObject({reachesPrimary: false})
    const without = await serve({without: ['TestMasterConnection']})
    expect(await ask(without.target)).toMatchObject({kind: 'answered', reachesPrimary: undefined})
    const odd = await serve({
      fault: ({operation}) =>
        operation === 'TestMasterConnection' ? {kind: 'body', body: '<not xml'} : undefined,
    })
    expect(await ask(odd.target)).toMatchObject({kind: 'answered', reachesPrimary: undefined})
  })

  it('tells a locked door from one that is not there', async () => {
    const {target} = await serve()
    expect(await ask(target, {username: undefined})).toMatchObject({
      kind: 'refused',
      fix: expect.stringContaining('MFA_SOURCE_USERNAME'),
    })
    const page = await serve({fault: () => ({kind: 'body', body: '<html></html>', contentType: 'text/html'})})
    const answer = await ask(page.target)
    expect(answer).toMatchObject({kind: 'failed', why: 'TestSecurity: the answer is a web page, not SOAP'})
    expect(JSON.stringify(answer)).not.toMatch(/--source|not-a-secret/)
  })

  it('trusts no stranger, and no certificate for another name', async () => {
    const {server, target} = await serve()
    expect(await ask(target, {context: createSecureContext({ca: []})})).toMatchObject({
      kind: 'failed',
      fix: expect.stringContaining('--source-ca'),
    })
    const other = {...target, url: target.url.replace('mfaapp', 'other')}
    expect(await ask(other)).toMatchObject({
      kind: 'failed',
      why: expect.stringMatching(/issued for another name/),
    })
    expect(server.calls).toEqual([])
  })

  it('names the machine that it tried', async () => {
    const {server, target} = await serve()
    await server.close()
    expect(await ask(target)).toMatchObject({
      kind: 'failed',
      why: 'TestSecurity: 127.0.0.1 refused the connection',
    })
    servers.pop()
  })
})
