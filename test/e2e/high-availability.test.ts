import {chmod, mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import fc from 'fast-check'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {stringify} from 'yaml'

import {parseTopology} from '../../src/lib/config/topology-file.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {generate} from '../../src/lib/topology/generate/generate.js'
import {cloudHosts} from '../../src/wire-topology.js'
import {startPfServer, type PfServer} from '../fakes/pf-server.js'
import {arbitraryTopology} from '../fixtures/arbitrary-topology.js'
import {freePorts, freeUdpPorts} from '../helpers/free-ports.js'
import {
  makeAuthority,
  radiusConfiguration,
  startListener,
  startPortal,
  type WebMember,
} from '../helpers/loopback-farm.js'
import {type MfaResult, newPlace, PACKAGE, type Place} from '../helpers/mfa.js'
import {nginxIn} from '../helpers/nginx.js'
import {eventually, needing, run, type Running, start, untilOpen} from '../helpers/programs.js'

const BASIC = {username: 'CONTOSO\\svc-mfa', password: 'not-a-secret'}
/** The machine may be busy with other tests. */
const LONG = {timeout: 90_000}
const RADIUS_SECRET = 'testing123'

let place: Place
let pem = ''
let ca = ''
/** Everything that a test started, ended in the opposite order. */
const running: {stop(): Promise<void>}[] = []
const keep = <T extends {stop(): Promise<void>}>(one: T): T => {
  running.push(one)
  return one
}

beforeAll(async () => {
  place = await newPlace()
  await chmod(place.folder, 0o755)
  const authority = await makeAuthority(place.work)
  ca = authority.ca
  pem = await authority.issue('farm', 'DNS:localhost,IP:127.0.0.1')
})
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop()
})
afterAll(() => place.remove())

interface Farm {
  readonly mfa: readonly PfServer[]
  readonly portals: readonly WebMember[]
  readonly topology: Record<string, unknown>
  readonly ports: {readonly sdk: number; readonly portal: number; readonly radius: number}
  readonly radiusPorts: readonly number[]
}

/** Two MFA servers with the SDK, two portals, and a topology that says where they are. RADIUS is not started. */
async function startFarm(
  more: {readonly oneWaySms?: boolean; readonly client?: Readonly<Record<string, number>>} = {},
): Promise<Farm> {
  const text = await readFile(pem, 'utf8')
  const mfa: PfServer[] = []
  for (const name of ['MFA1', 'MFA2']) {
    const server = await startPfServer([], {
      tls: {key: text, cert: text},
      basic: BASIC,
      mark: {name: 'x-served-by', value: name},
      reachesPrimary: name === 'MFA1',
    })
    running.push({stop: () => server.close()})
    mfa.push(server)
  }
  const portals = [keep(await startPortal('WEB1', pem)), keep(await startPortal('WEB2', pem))]
  const replication = keep(await startListener())
  const [sdk = 0, portal = 0] = await freePorts(2)
  const [radius = 0, ...radiusPorts] = await freeUdpPorts(3)
  const tls = {certificate: pem, ca}
  const mark = {header: 'X-Served-By'}
  const topology = {
    version: 1,
    name: 'loopback farm',
    oneWaySms: more.oneWaySms ?? false,
    servers: mfa.map(({url}, index) => ({
      name: `MFA${index + 1}`,
      host: 'localhost',
      address: '127.0.0.1',
      httpsPort: Number(new URL(url).port),
      role: index === 0 ? 'primary' : 'subordinate',
      domain: 'contoso.com',
      components: ['web-service-sdk'],
      radiusPort: radiusPorts[index],
      staticPort: replication.port,
      outboundHttps: 'any',
    })),
    webServers: portals.map(({port}, index) => ({
      name: `WEB${index + 1}`,
      host: 'localhost',
      address: '127.0.0.1',
      httpsPort: port,
      components: ['user-portal'],
      usesSdk: 'sdk',
    })),
    replication: {firewallBetweenServers: true, openPorts: [replication.port]},
    promotion: {mode: 'manual', candidate: 'MFA2'},
    balancedNames: [
      {name: 'sdk', host: 'localhost', address: '127.0.0.1', port: sdk, services: ['web-service-sdk'], members: ['MFA1', 'MFA2'], sticky: more.oneWaySms ? 'source-address' : 'none', mark, tls},
      {name: 'portal', host: 'localhost', address: '127.0.0.1', port: portal, services: ['user-portal'], members: ['WEB1', 'WEB2'], sticky: 'cookie', mark, tls},
      {name: 'radius', host: 'localhost', address: '127.0.0.1', port: radius, services: ['radius'], members: ['MFA1', 'MFA2'], sticky: more.oneWaySms ? 'source-address' : 'none'},
    ],
    radius: {clients: [{name: 'vpn', targets: ['localhost'], timeoutSeconds: 0.5, retries: 3, ...more.client}], answerSeconds: 1},
  } // prettier-ignore
  return {mfa, portals, topology, ports: {sdk, portal, radius}, radiusPorts}
}

const SDK_ENV = {MFA_SOURCE_USERNAME: BASIC.username, MFA_SOURCE_PASSWORD: BASIC.password}

interface Found {
  readonly probe: string
  readonly rule: string | null
  readonly target: string
  readonly outcome: string
  readonly detail: string
}

async function probe(
  file: string,
  ...kinds: readonly string[]
): Promise<{result: MfaResult; found: readonly Found[]}> {
  const args = kinds.flatMap((kind) => ['--only', kind])
  const result = await place.mfa(
    ['ha', 'probe', file, '--source-ca', ca, '--timeout', '2', '--json', ...args],
    {
      env: {...SDK_ENV, MFA_RADIUS_SECRET: RADIUS_SECRET},
    },
  )
  return {result, found: result.json()['results'] as readonly Found[]}
}

async function generated(
  farm: Farm,
  format: 'haproxy' | 'nginx',
  folder: string,
): Promise<{file: string; out: string}> {
  const topology = await place.file(
    `${folder}/topology.yaml`,
    stringify(farm.topology, {aliasDuplicateObjects: false}),
  )
  const out = join(place.work, folder)
  await mkdir(out, {recursive: true})
  const made = await place.mfa(['ha', 'generate', topology, '--format', format, '--out', out])
  expect({code: made.code, stderr: made.stderr}).toEqual({code: 0, stderr: ''})
  return {file: topology, out}
}

async function haproxy(farm: Farm, folder: string) {
  const {file, out} = await generated(farm, 'haproxy', folder)
  const config = join(out, 'haproxy.cfg')
  const checked = run('haproxy', ['-c', '-f', config], out)
  expect(checked.code, checked.said).toBe(0)
  const program = keep(start('haproxy', ['-db', '-f', config], out))
  await untilOpen(farm.ports.portal, program)
  return {file, program}
}

async function nginx(farm: Farm, folder: string) {
  const {file, out} = await generated(farm, 'nginx', folder)
  const config = join(out, 'nginx.conf')
  const {check, serve} = await nginxIn(out, config)
  const checked = run('nginx', check, out)
  expect(checked.code, checked.said).toBe(0)
  const program = keep(start('nginx', serve, out))
  await untilOpen(farm.ports.portal, program)
  return {file, program}
}

async function freeradius(folder: string, port: number): Promise<Running> {
  const own = join(place.work, folder)
  await mkdir(own, {recursive: true})
  await radiusConfiguration(own, port, RADIUS_SECRET)
  const checked = run('freeradius', ['-d', own, '-n', 'radiusd', '-C', '-l', 'stdout'], own)
  expect(checked.code, checked.said).toBe(0)
  return keep(start('freeradius', ['-d', own, '-n', 'radiusd', '-f', '-l', `${own}/radius.log`], own))
}

function one(found: readonly Found[], probe: string, target: string): Found {
  const first = found.find((each) => each.probe === probe && each.target.startsWith(target))
  if (first === undefined) throw new Error(`no ${probe} of ${target} in ${JSON.stringify(found, null, 1)}`)
  return first
}

/** Undefined where the topology is refused, or has nothing to balance. */
function configuration(text: string, format: 'haproxy' | 'nginx'): string | undefined {
  try {
    return generate(parseTopology(text, 'any.yaml'), format, cloudHosts('global'))[0]?.text
  } catch (error) {
    if (error instanceof MfaError && error.exit === 'data') return undefined
    throw error
  }
}

const forHaproxy = needing('haproxy', 'openssl')
describe(`HAProxy${forHaproxy.note}`, () => {
  test.skipIf(forHaproxy.skips)(
    'the generated configuration is accepted, runs, and is found sticky; a stopped server is left out',
    LONG,
    async () => {
      const farm = await startFarm()
      const {file} = await haproxy(farm, 'haproxy-cookie')
      // Until the first health checks are done.
      await eventually(async () => {
        const {found} = await probe(file, 'sticky')
        expect(found).toMatchObject([{rule: 'H8', outcome: 'ok'}])
        expect(found[0]?.detail).toMatch(
          /one session stayed on WEB[12] over 20 requests, others reached WEB1 and WEB2/,
        )
      })
      const {result, found} = await probe(file, 'name', 'port', 'certificate', 'sdk')
      expect(found.filter(({outcome}) => outcome === 'failed')).toMatchObject([
        {probe: 'sdk', rule: 'H2', target: expect.stringContaining('MFA2')},
      ])
      expect(result.code).toBe(3)
      expect(one(found, 'certificate', 'portal').detail).toMatch(
        /for localhost, by Test CA of the loopback farm, until/,
      )
      expect(one(found, 'port', 'MFA2').detail).toMatch(/answers in/)
      expect(one(found, 'sdk', 'sdk').detail).toBe('TestSecurity: CONTOSO\\svc-mfa')
      expect(found.find((each) => each.target.startsWith('MFA1') && each.rule === 'H2')?.detail).toMatch(
        /reaches the primary/,
      )

      await farm.portals[0]?.stop()
      await eventually(async () => {
        const after = await probe(file, 'sticky', 'port')
        expect(one(after.found, 'port', 'WEB1').outcome).toBe('failed')
        expect(one(after.found, 'port', 'portal').outcome).toBe('ok')
        expect(one(after.found, 'sticky', 'portal').detail).toBe('cannot tell: 1 member answers in all')
      })
      const served = farm.portals[1]?.served() ?? 0
      await probe(file, 'sticky')
      // All forty requests reached the one that is left.
      expect((farm.portals[1]?.served() ?? 0) - served).toBe(40)
    },
  )

  test.skipIf(forHaproxy.skips)(
    'one-way SMS: the SDK is sticky by address; a stopped server is replaced',
    LONG,
    async () => {
      const farm = await startFarm({oneWaySms: true})
      const {file} = await haproxy(farm, 'haproxy-sms')
      const {found} = await probe(file, 'sticky')
      expect(one(found, 'sticky', 'sdk')).toMatchObject({rule: 'H7', outcome: 'ok'})
      const server = /everything from here went to (MFA[12]), 40 requests/.exec(
        one(found, 'sticky', 'sdk').detail,
      )?.[1]
      expect(one(found, 'sticky', 'radius').outcome).toBe('unknown')

      await farm.mfa[server === 'MFA1' ? 0 : 1]?.close()
      await eventually(async () => {
        const after = await probe(file, 'sdk')
        expect(one(after.found, 'sdk', 'sdk').outcome).toBe('ok')
        expect(one(after.found, 'sdk', String(server)).outcome).toBe('failed')
      })
    },
  )

  test.skipIf(forHaproxy.skips)(
    'without stickiness the probe says so: the same farm, balanced in turn',
    LONG,
    async () => {
      const farm = await startFarm()
      const {file, out} = await generated(farm, 'haproxy', 'haproxy-turn')
      const config = await place.read('haproxy-turn/haproxy.cfg')
      expect(config).toMatch(/cookie MFASERVER insert/)
      await place.file(
        'haproxy-turn/turn.cfg',
        config.replace(/ {4}cookie MFASERVER.*\n/, '').replaceAll(/ cookie WEB\d/g, ''),
      )
      const balancer = keep(start('haproxy', ['-db', '-f', join(out, 'turn.cfg')], out))
      await untilOpen(farm.ports.portal, balancer)
      await eventually(async () => {
        const {result, found} = await probe(file, 'sticky')
        expect(found).toMatchObject([{rule: 'H8', outcome: 'failed'}])
        expect(found[0]?.detail).toBe('not sticky: one session got answers from WEB1 and WEB2')
        expect(result.code).toBe(3)
      })
    },
  )
})

const forNginx = needing('nginx', 'freeradius', 'openssl')
const forBoth = needing('haproxy', 'nginx', 'openssl')
describe(`any topology${forBoth.note}`, () => {
  test.skipIf(forBoth.skips)('gives configurations that HAProxy and nginx accept', LONG, async () => {
    const out = join(place.work, 'any')
    await mkdir(out, {recursive: true})
    // nginx binds its ports even to check, and those below 1024 are not for everybody.
    const formats = process.getuid?.() === 0 ? (['haproxy', 'nginx'] as const) : (['haproxy'] as const)
    const seen = {haproxy: 0, nginx: 0}
    for (const shape of fc.sample(arbitraryTopology, {seed: 3, numRuns: 120})) {
      // nginx looks names up when it starts.
      const text = stringify(shape, {aliasDuplicateObjects: false}).replaceAll(
        /\b([abc])\.example\.com/g,
        (_, one: string) => `127.0.0.${one.charCodeAt(0)}`,
      )
      for (const format of formats) {
        const made = configuration(text, format)
        if (made === undefined) continue
        const config = join(out, `${format}-${seen[format]++}.conf`)
        await writeFile(config, made.replaceAll(/\/etc\/(haproxy|nginx)\/certs\/[^; ]+\.pem/g, pem))
        const args = format === 'haproxy' ? ['-c', '-f', config] : (await nginxIn(out, config)).check
        const checked = run(format, args, out)
        expect(checked.code, `${checked.said}\n${made}`).toBe(0)
      }
      if (formats.every((format) => seen[format] > 15)) break
    }
    for (const format of formats) expect(seen[format]).toBeGreaterThan(10)
  })

  test.skipIf(forBoth.skips)(
    'of the examples is accepted by HAProxy, with addresses and by name',
    LONG,
    async () => {
      const out = join(place.work, 'examples')
      await mkdir(out, {recursive: true})
      for (const name of ['reference', 'migration-server']) {
        const example = await readFile(join(PACKAGE, `examples/topology/${name}.yaml`), 'utf8')
        const machinesByName = example.replaceAll(/^ +address: 192\.0\.2\.\d\d\n/gm, '')
        expect(machinesByName).not.toBe(example)
        for (const text of [example, machinesByName]) {
          const config = join(out, 'haproxy.cfg')
          await writeFile(
            config,
            String(configuration(text, 'haproxy')).replaceAll(/\/etc\/haproxy\/certs\/\S+/g, pem),
          )
          const checked = run('haproxy', ['-c', '-f', config], out)
          expect(checked.code, checked.said).toBe(0)
        }
      }
    },
  )
})

describe(`nginx${forNginx.note}`, () => {
  test.skipIf(forNginx.skips)(
    'the generated configuration is accepted, runs, and is found sticky; a stopped server is left out',
    LONG,
    async () => {
      const farm = await startFarm()
      const {file} = await nginx(farm, 'nginx-cookie')
      const {found} = await probe(file, 'sticky', 'certificate')
      expect(one(found, 'sticky', 'portal')).toMatchObject({rule: 'H8', outcome: 'ok'})
      expect(one(found, 'sticky', 'portal').detail).toMatch(/others reached WEB1 and WEB2/)
      expect(found.filter(({outcome}) => outcome !== 'ok')).toEqual([])

      await farm.portals[1]?.stop()
      const served = farm.portals[0]?.served() ?? 0
      await probe(file, 'sticky')
      expect((farm.portals[0]?.served() ?? 0) - served).toBe(40)
    },
  )

  test.skipIf(forNginx.skips)('one-way SMS: the SDK is sticky by address', LONG, async () => {
    const farm = await startFarm({oneWaySms: true})
    const {file} = await nginx(farm, 'nginx-sms')
    const {found} = await probe(file, 'sticky', 'sdk')
    expect(one(found, 'sticky', 'sdk').detail).toMatch(
      /^sticky by address: everything from here went to MFA[12]/,
    )
    expect(one(found, 'sdk', 'sdk').detail).toBe('TestSecurity: CONTOSO\\svc-mfa')
  })

  test.skipIf(forNginx.skips)(
    'FreeRADIUS behind it answers; with one server down others wait for a retransmission at most',
    LONG,
    async () => {
      const farm = await startFarm()
      const [first = 0, second = 0] = farm.radiusPorts
      const radius = [await freeradius('radius-1', first), await freeradius('radius-2', second)]
      const {file} = await nginx(farm, 'nginx-radius')
      await eventually(async () => {
        const {found} = await probe(file, 'radius')
        expect(found).toHaveLength(4)
        expect(found.map(({outcome}) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok'])
        expect(found[0]?.detail).toMatch(
          /^answers through the load balancer; the slowest of 8 clients waited/,
        )
      })

      await radius[0]?.stop()
      const {result, found} = await probe(file, 'radius')
      expect(result.code).toBe(3)
      expect(one(found, 'radius', 'MFA1')).toMatchObject({
        outcome: 'failed',
        detail: 'refused, nothing listens there',
      })
      expect(one(found, 'radius', 'MFA2').outcome).toBe('ok')
      expect(one(found, 'radius', 'radius')).toMatchObject({rule: 'H6', outcome: 'ok'})
      expect(one(found, 'radius', 'radius').detail).toMatch(
        /with 1 of 2 servers down; the slowest of 8 clients waited/,
      )
    },
  )

  test.skipIf(forNginx.skips)(
    'a server that is silent is unknown; clients get an answer when they send again after answerSeconds',
    LONG,
    async () => {
      const farm = await startFarm({client: {timeoutSeconds: 2, retries: 1}})
      const [first = 0, second = 0] = farm.radiusPorts
      const paused = await freeradius('radius-paused', first)
      await freeradius('radius-other', second)
      const {file} = await nginx(farm, 'nginx-silent')
      await eventually(async () => {
        expect((await probe(file, 'radius')).found.map(({outcome}) => outcome)).toEqual([
          'ok',
          'ok',
          'ok',
          'ok',
        ])
      })
      process.kill(paused.pid, 'SIGSTOP')
      try {
        // Again where no client happened to come to the paused one; nginx leaves it out for ten seconds once it has.
        await eventually(async () => {
          const {found} = await probe(file, 'radius')
          expect(found.map(({outcome}) => outcome)).toEqual(['ok', 'unknown', 'ok', 'ok'])
          expect(one(found, 'radius', 'radius').detail).toMatch(/waited 2\.\d s, 2 transmissions/)
        }, 40)
      } finally {
        process.kill(paused.pid, 'SIGCONT')
      }
    },
  )

  test.skipIf(forNginx.skips)('a wrong shared secret is no outage', LONG, async () => {
    const farm = await startFarm()
    await freeradius('radius-3', farm.radiusPorts[0] ?? 0)
    const {file} = await nginx(farm, 'nginx-secret')
    const result = await place.mfa(['ha', 'probe', file, '--only', 'radius', '--json'], {
      env: {MFA_RADIUS_SECRET: 'another'},
    })
    const found = result.json()['results'] as readonly Found[]
    // FreeRADIUS is silent to those who do not know the secret.
    expect(one(found, 'radius', 'MFA1').outcome).toBe('unknown')
    expect(one(found, 'radius', 'MFA1').detail).toMatch(/whether it is down cannot be told/)
    expect(result.stdout).not.toContain('another')
  })
})
