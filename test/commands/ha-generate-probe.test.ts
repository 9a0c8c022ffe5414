import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterAll, beforeAll, expect, test} from 'vitest'

import {freePorts} from '../helpers/free-ports.js'
import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

let place: Place
let reference: string
beforeAll(async () => {
  place = await newPlace()
  reference = await readFile(join(PACKAGE, 'examples/topology/reference.yaml'), 'utf8')
  await place.file('topology.yaml', reference)
})
afterAll(() => place.remove())

/** Two MFA servers, a portal and a RADIUS name on ports where nobody listens. */
async function nothingThere(): Promise<string> {
  const [one, two, web, sdk, portal, replication] = await freePorts(6)
  const server = (name: string, role: string, port: number | undefined) =>
    `  - {name: ${name}, host: 127.0.0.1, httpsPort: ${port}, role: ${role}, domain: contoso.com, components: [web-service-sdk], staticPort: ${replication}}`
  const balanced = (name: string, port: number | undefined, service: string, members: string) =>
    `  - {name: ${name}, host: 127.0.0.1, port: ${port}, services: [${service}], members: [${members}], sticky: none}`
  return [
    'version: 1',
    'name: nothing there',
    'oneWaySms: false',
    'servers:',
    server('MFA1', 'primary', one),
    server('MFA2', 'subordinate', two),
    'replication: {firewallBetweenServers: false}',
    `webServers: [{name: WEB1, host: 127.0.0.1, httpsPort: ${web}, components: [user-portal]}]`,
    'balancedNames:',
    balanced('sdk', sdk, 'web-service-sdk', 'MFA1, MFA2'),
    balanced('portal', portal, 'user-portal', 'WEB1'),
    balanced('radius', 1, 'radius', 'MFA1, MFA2'),
    '',
  ].join('\n')
}

test('one file goes to stdout as it is, ready for a redirection', async () => {
  const made = await place.mfa(['ha', 'generate', 'topology.yaml', '--format', 'haproxy'])
  expect({code: made.code, stderr: made.stderr}).toEqual({code: 0, stderr: ''})
  expect(made.stdout).toMatch(/^# HAProxy for "Contoso reference"/)
  expect(made.stdout).toMatch(/check check-sni mfa\.contoso\.com\n[\s\S]+\n$/)
})

test('several files: each under its name, or in a folder; JSON holds them', async () => {
  const plain = await place.mfa(['ha', 'generate', 'topology.yaml', '--format', 'firewall'])
  expect(plain.stdout.match(/^==> .* <==$/gm)).toEqual(['==> firewall.csv <==', '==> firewall.ps1 <=='])
  expect(plain.stdout).not.toContain('\r')
  const out = await place.mfa([
    'ha',
    'generate',
    'topology.yaml',
    '--format',
    'firewall',
    '--out',
    'new folder',
  ])
  expect(out.stdout).toBe('Written: new folder/firewall.csv\nWritten: new folder/firewall.ps1\n')
  expect(await place.read('new folder/firewall.csv')).toContain(',TCP,4443,H5,')
  const json = (await place.mfa(['ha', 'generate', 'topology.yaml', '--format', 'mermaid', '--json'])).json()
  expect(json).toMatchObject({
    format: 'mermaid',
    files: [{name: 'topology.mmd', text: expect.stringMatching(/^flowchart TB/)}],
  })
})

test('a topology that breaks a rule is generated right, with a warning; what cannot be made is 65, a missing format 64', async () => {
  await place.file('broken.yaml', reference.replace('sticky: cookie', 'sticky: none'))
  const made = await place.mfa(['ha', 'generate', 'broken.yaml', '--format', 'nginx', '--json'])
  expect(made.code).toBe(0)
  expect(made.json()['warnings']).toEqual([
    'broken.yaml breaks rules of high availability: mfa ha check broken.yaml',
  ])
  expect(made.stdout).toContain('sticky by cookie (rule H8)')
  await place.file('portless.yaml', reference.replaceAll(/ {4}staticPort.*\n/g, ''))
  const none = await place.mfa(['ha', 'generate', 'portless.yaml', '--format', 'registry', '--json'])
  expect(none.code).toBe(65)
  expect(none.json()).toMatchObject({error: {code: 'TOPOLOGY_STATIC_PORT'}})
  expect((await place.mfa(['ha', 'generate', 'topology.yaml'])).code).toBe(64)
  expect((await place.mfa(['ha', 'generate', 'topology.yaml', '--format', 'f5'])).code).toBe(64)
})

test('a probe where nothing is there: 3, one object, every probe has a target and a reason', async () => {
  await place.file('down.yaml', await nothingThere())
  const found = await place.mfa([
    'ha',
    'probe',
    'down.yaml',
    '--only',
    'port',
    '--only',
    'radius',
    '--only',
    'sdk',
    '--timeout',
    '1',
    '--json',
    '--csv',
    'down.csv',
  ])
  expect(found.code).toBe(3)
  const {results, counts} = found.json() as {
    results: Record<string, string>[]
    counts: Record<string, number>
  }
  expect(results).toHaveLength(11)
  // RADIUS without a secret is not asked.
  expect(counts['failed']).toBe(10)
  for (const one of results) {
    expect(one['target']).not.toBe('')
    expect(one['detail']).not.toMatch(/undefined|E[A-Z]{4,}|--source /)
  }
  expect((await place.read('down.csv')).split('\r\n')[0]).toBe('outcome,probe,rule,target,detail,fix')
})

test('a probe refuses a CA file that is none, a kind that is none, and a wrong topology', async () => {
  const ca = await place.mfa(['ha', 'probe', 'topology.yaml', '--source-ca', 'nothing.pem'])
  expect(ca.code).toBe(64)
  expect(ca.stderr).toMatch(/--source-ca .*nothing\.pem cannot be read/)
  expect((await place.mfa(['ha', 'probe', 'topology.yaml', '--only', 'ping'])).code).toBe(64)
  await place.file('empty.yaml', '')
  expect((await place.mfa(['ha', 'probe', 'empty.yaml'])).code).toBe(65)
})

test('outbound HTTPS honours the addresses of the tenant that settings name', async () => {
  const {createServer} = await import('node:http')
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(String(request.url))
    response.writeHead(401).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as {port: number}
  const url = `http://127.0.0.1:${port}`
  try {
    const found = await place.mfa(['ha', 'probe', 'topology.yaml', '--only', 'outbound'], {
      env: {MFA_GRAPH_URL: url, MFA_AUTHORITY_URL: url, COLUMNS: '80'},
    })
    expect(found.code).toBe(0)
    expect(asked.toSorted()).toEqual(['/common/v2.0/.well-known/openid-configuration', '/v1.0/organization'])
    expect(found.stdout).toContain('topology.yaml: 2 probes, 2 ok, 0 failed')
    expect(
      Math.max(
        ...found.stdout
          .split('\n')
          .filter((line) => line.startsWith('│'))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
