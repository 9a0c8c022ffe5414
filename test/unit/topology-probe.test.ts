import {describe, expect, it} from 'vitest'

import {parseTopology} from '../../src/lib/config/topology-file.js'
import type {Topology} from '../../src/lib/model/topology.js'
import type {Network, RadiusAnswer, TlsAnswer, WebAnswer} from '../../src/lib/ports/network.js'
import {judgeCertificate} from '../../src/lib/topology/live/certificates.js'
import {probe} from '../../src/lib/topology/live/probe.js'
import {judgeRadius} from '../../src/lib/topology/live/radius.js'
import {type ProbeKind, PROBES} from '../../src/lib/topology/live/result.js'
import {judgeSticky, marksOf} from '../../src/lib/topology/live/sticky.js'
import {findPattern} from '../../src/lib/probe/pattern.js'
import {FakeUi} from '../fakes/ui.js'

const topology = (text: string): Topology => parseTopology(text, 't.yaml').topology

const SAMPLE = `version: 1
name: sample
oneWaySms: true
servers:
  - {name: MFA1, host: mfa1.contoso.com, role: primary, domain: contoso.com, components: [web-service-sdk], staticPort: 4443}
  - {name: MFA2, host: mfa2.contoso.com, role: subordinate, domain: contoso.com, components: [web-service-sdk], staticPort: 4443}
  - {name: MFA3, host: mfa3.contoso.com, role: subordinate, domain: contoso.com, staticPort: 4443}
replication: {firewallBetweenServers: false}
balancedNames:
  - {name: sdk, host: mfaapp.contoso.com, services: [web-service-sdk], members: [MFA1, MFA2], sticky: source-address, mark: {header: X-Node}}
  - {name: radius, host: radius.contoso.com, services: [radius], members: [MFA1, MFA2], sticky: source-address}
radius:
  clients:
    - {name: vpn, targets: [radius.contoso.com]}
    - {name: old-vpn, targets: [mfa1.contoso.com, mfa2.contoso.com], timeoutSeconds: 5, retries: 2}
`

const web = (node: string, cookies: readonly string[] = []): WebAnswer => ({
  kind: 'answered', status: 401, headers: {'x-node': node}, body: '', cookies,
}) // prettier-ignore
const CERTIFICATE: TlsAnswer = {
  kind: 'answered',
  names: ['mfaapp.contoso.com'],
  fitsName: true,
  issuer: 'Contoso CA',
  validFrom: new Date('2026-01-01'),
  validTo: new Date('2027-01-01'),
}

/** A network where everything answers. Remembers what was asked. */
function fakeNetwork(more: Partial<Network> = {}): Network & {readonly asked: string[]} {
  const asked: string[] = []
  return {
    asked,
    resolve: async (host) => {
      asked.push(`name ${host}`)
      return {kind: 'found', addresses: ['192.0.2.1']}
    },
    tcp: async ({host, port}) => {
      asked.push(`tcp ${host}:${port}`)
      return {kind: 'open', ms: 3}
    },
    tls: async ({host}, name) => {
      asked.push(`tls ${host} as ${name}`)
      return CERTIFICATE
    },
    get: async () => web('one'),
    find: findPattern,
    radius: async ({host}) => {
      asked.push(`radius ${host}`)
      return {kind: 'answered', ms: 4, transmissions: 1}
    },
    sdk: async ({url, via}) => {
      asked.push(`sdk ${url} via ${via?.host ?? '-'}`)
      return {kind: 'answered', greeting: 'CONTOSO\\svc', reachesPrimary: true}
    },
    reach: async (url) => {
      asked.push(`reach ${url}`)
      return {kind: 'answered', status: 401}
    },
    ...more,
  }
}

const look = (
  network: Network,
  kinds: readonly ProbeKind[] = PROBES,
  hasRadiusSecret = true,
  text = SAMPLE,
) =>
  probe(
    topology(text),
    kinds,
    {
      network,
      clock: {now: () => new Date('2026-06-01'), monotonic: () => 0, sleep: async () => {}},
      ui: new FakeUi(),
      hasRadiusSecret,
      graphUrl: 'https://graph.microsoft.com',
      signInUrl: 'https://login.microsoftonline.com',
    },
    new AbortController().signal,
  )

describe('probe', () => {
  it('asks for the static port on every server, 443 where there is a web service, and each name once', async () => {
    const network = fakeNetwork()
    const {results} = await look(network, ['name', 'port'])
    expect(network.asked.filter((one) => one.startsWith('tcp'))).toEqual([
      'tcp mfa1.contoso.com:443',
      'tcp mfa2.contoso.com:443',
      'tcp mfa1.contoso.com:4443',
      'tcp mfa2.contoso.com:4443',
      'tcp mfa3.contoso.com:4443',
      'tcp mfaapp.contoso.com:443',
    ])
    const names = network.asked.filter((one) => one.startsWith('name'))
    expect(new Set(names).size).toBe(names.length)
    expect(names).toHaveLength(5)
    expect(results.every(({outcome}) => outcome === 'ok')).toBe(true)
  })

  it('asks the SDK through the balanced name, and each server by that name', async () => {
    const network = fakeNetwork()
    await look(network, ['sdk', 'certificate'])
    const url = 'https://mfaapp.contoso.com:443/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx'
    expect(network.asked).toEqual([
      'tls mfaapp.contoso.com as mfaapp.contoso.com',
      'tls mfa1.contoso.com as mfaapp.contoso.com',
      'tls mfa2.contoso.com as mfaapp.contoso.com',
      `sdk ${url} via -`,
      `sdk ${url} via mfa1.contoso.com`,
      `sdk ${url} via mfa2.contoso.com`,
    ])
  })

  it('tells who does not reach the primary, who does not let us in, and who says nothing', async () => {
    const answers = [
      {kind: 'answered', greeting: 'x', reachesPrimary: false},
      {kind: 'refused', why: 'HTTP 401', fix: 'Set MFA_SOURCE_USERNAME.'},
      {kind: 'answered', greeting: 'x', reachesPrimary: undefined},
    ] as const
    let next = 0
    const {results} = await look(fakeNetwork({sdk: async () => answers[next++] ?? answers[0]}), ['sdk'])
    expect(results.map(({rule, outcome}) => `${rule} ${outcome}`)).toEqual([
      'H10 ok', 'H2 failed', 'H10 warning', 'H10 ok', 'H2 unknown',
    ]) // prettier-ignore
  })

  it('does not ask RADIUS without a secret, and says so; the wait of a list of targets is computed', async () => {
    const network = fakeNetwork()
    const {results} = await look(network, ['radius'], false)
    expect(network.asked).toEqual([])
    expect(results.map(({outcome, detail}) => `${outcome}: ${detail}`)).toEqual([
      'unknown: not asked: there is no shared secret',
      'ok: by its settings sends again after 5.0 s: so long a sign-in waits while its server is silent',
      'warning: by its settings waits 15.0 s at each sign-in while mfa1.contoso.com is down, before it tries mfa2.contoso.com',
    ])
  })

  it('calls clients without an answer a failure only where others got one', async () => {
    const silent: RadiusAnswer = {kind: 'silent', ms: 3000}
    let count = 0
    const half = await look(
      fakeNetwork({
        radius: async ({host}) =>
          host.startsWith('radius') && count++ % 2 === 0
            ? silent
            : {kind: 'answered', ms: 2, transmissions: 1},
      }),
      ['radius'],
    )
    expect(half.results[0]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/^4 of 8 clients got no answer/),
    })
    const none = await look(fakeNetwork({radius: async () => silent}), ['radius'])
    expect(none.results.slice(0, 3).map(({outcome}) => outcome)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(none.counts.failed).toBe(0)
  })

  it('looks at stickiness of the SDK only where one-way SMS is used, and cannot tell for RADIUS', async () => {
    const {results} = await look(fakeNetwork(), ['sticky'])
    expect(results.map(({rule, outcome}) => `${rule} ${outcome}`)).toEqual(['H7 ok', 'H7 unknown'])
  })

  it('sends the cookies of the session back, and none for strangers', async () => {
    const sent: string[][] = []
    const {results} = await look(
      fakeNetwork({
        get: async ({cookies}) => {
          sent.push([...cookies])
          return cookies.includes('node=a')
            ? web('a')
            : web(sent.length % 2 === 0 ? 'a' : 'b', ['node=a', 'x=1'])
        },
      }),
      ['sticky'],
    )
    expect(sent).toHaveLength(40)
    expect(sent.slice(1, 20).every((cookies) => cookies.join(';') === 'node=a;x=1')).toBe(true)
    expect(sent.slice(20).every((cookies) => cookies.length === 0)).toBe(true)
    // The first answer, before there was a cookie, came from another server than the rest.
    expect(results[0]).toMatchObject({
      outcome: 'failed',
      detail: 'not sticky: one session got answers from a and b',
    })
  })

  it('gives up where the pattern of the mark takes for ever on the page', async () => {
    const slow = SAMPLE.replace('{header: X-Node}', "{body: '(a+)+b'}")
    const page: WebAnswer = {
      kind: 'answered',
      status: 200,
      headers: {},
      body: 'a'.repeat(65_536),
      cookies: [],
    }
    const {results} = await look(fakeNetwork({get: async () => page}), ['sticky'], true, slow)
    expect(results[0]).toMatchObject({
      outcome: 'unknown',
      detail: 'cannot tell: the pattern of the mark takes too long on the page',
    })
  })

  it('gives up at once where nothing answers', async () => {
    let asked = 0
    const {results} = await look(
      fakeNetwork({
        get: async () => {
          asked += 1
          return {kind: 'failed', why: 'refused'}
        },
      }),
      ['sticky'],
    )
    expect(asked).toBe(2)
    expect(results[0]).toMatchObject({outcome: 'unknown', detail: 'cannot tell: no answer'})
  })

  it('ends with the reason of an abort', async () => {
    const reason = new Error('stopped')
    const work = probe(
      topology(SAMPLE),
      PROBES,
      {
        network: fakeNetwork(),
        clock: {now: () => new Date(), monotonic: () => 0, sleep: async () => {}},
        ui: new FakeUi(),
        hasRadiusSecret: false,
        graphUrl: 'https://g',
        signInUrl: 'https://s',
      },
      AbortSignal.abort(reason),
    )
    await expect(work).rejects.toBe(reason)
  })
})

describe('stickiness is judged', () => {
  const facts = {target: 't', rule: 'H8', sticky: 'cookie', answering: 2} as const
  it.each([
    ['one for the session, several for strangers', {session: ['a', 'a'], strangers: ['a', 'b']}, 'ok'],
    ['several for the session', {session: ['a', 'b'], strangers: ['a', 'b']}, 'failed'],
    ['the same for all, by cookie', {session: ['a', 'a'], strangers: ['a', 'a']}, 'unknown'],
    [
      'the same for all, by address',
      {session: ['a', 'a'], strangers: ['a', 'a'], sticky: 'source-address'},
      'ok',
    ],
    [
      'another one for strangers, by address',
      {session: ['a', 'a'], strangers: ['b', 'b'], sticky: 'source-address'},
      'unknown',
    ],
    [
      'one member only answers',
      {session: ['a', 'a'], strangers: ['a', 'a'], sticky: 'source-address', answering: 1},
      'unknown',
    ],
    ['no mark', {session: [undefined, undefined], strangers: [undefined, undefined]}, 'unknown'],
    ['a mark now and then', {session: ['a', undefined], strangers: ['a', 'b']}, 'unknown'],
    ['two servers even without all marks', {session: ['a', 'b', undefined], strangers: []}, 'failed'],
  ] as const)('%s', (_what, more, outcome) => {
    expect(judgeSticky({...facts, ...more}).outcome).toBe(outcome)
  })

  it('by a header in any letter case, or by a pattern in the page', () => {
    const marks = (answer: WebAnswer, mark: {readonly header: string} | {readonly body: string}) =>
      marksOf([answer], mark, {find: findPattern})
    expect(marks(web('n'), {header: 'X-NODE'})).toEqual(['n'])
    const page: WebAnswer = {
      kind: 'answered',
      status: 200,
      headers: {},
      body: '<!-- node: web7 -->',
      cookies: [],
    }
    expect(marks(page, {body: 'node: (\\w+)'})).toEqual(['web7'])
    expect(marks(page, {body: 'web\\d'})).toEqual(['web7'])
    expect(marks(page, {body: 'other'})).toEqual([undefined])
    expect(marks({kind: 'failed', why: 'x'}, {header: 'a'})).toEqual([undefined])
  })
})

describe('certificates are judged', () => {
  const now = new Date('2026-06-01')
  const at = {name: 'sdk', endpoint: {host: 'h', port: 443}, host: 'mfaapp.contoso.com', isBehind: false}
  it.each([
    ['right', {}, {}, 'ok', /for mfaapp\.contoso\.com, by Contoso CA, until 2027-01-01/],
    ['expired', {validTo: new Date('2026-05-31')}, {}, 'failed', /expired on 2026-05-31/],
    ['ending soon', {validTo: new Date('2026-06-20')}, {}, 'warning', /ends in 19 days/],
    ['not valid yet', {validFrom: new Date('2026-06-02')}, {}, 'failed', /not valid before/],
    ['for another name', {fitsName: false}, {}, 'failed', /not for mfaapp\.contoso\.com/],
    [
      'for another name, behind a load balancer',
      {fitsName: false},
      {isBehind: true},
      'warning',
      /clients see/,
    ],
    [
      'of an unknown CA',
      {untrusted: 'SELF_SIGNED_CERT_IN_CHAIN'},
      {},
      'failed',
      /no CA that is trusted here/,
    ],
  ] as const)('%s', (_what, answer, place, outcome, says) => {
    const result = judgeCertificate({...at, ...place}, {...CERTIFICATE, ...answer}, now)
    expect(result.outcome).toBe(outcome)
    expect(result.detail).toMatch(says)
  })
  it('none', () => {
    expect(judgeCertificate(at, {kind: 'failed', why: 'refused'}, now)).toMatchObject({
      outcome: 'failed',
      detail: 'no TLS: refused',
    })
  })
})

it('a silent RADIUS server is unknown, not down', () => {
  expect(judgeRadius({kind: 'silent', ms: 1}, 't').outcome).toBe('unknown')
  expect(judgeRadius({kind: 'refused'}, 't').outcome).toBe('failed')
  expect(judgeRadius({kind: 'wrong-secret'}, 't').outcome).toBe('failed')
  expect(judgeRadius({kind: 'failed', why: 'x'}, 't').outcome).toBe('failed')
})
