import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

import {parseTopology, readTopology} from '../../src/lib/config/topology-file.js'
import {checkTopology, type HaCheck} from '../../src/lib/topology/check.js'
import {RULE_IDS} from '../../src/lib/topology/finding.js'
import {cloudHosts} from '../../src/wire-topology.js'

const folder = join(import.meta.dirname, '../../examples/topology')
const HOSTS = cloudHosts('global')

let reference = ''
let migration = ''
beforeAll(async () => {
  reference = await readFile(join(folder, 'reference.yaml'), 'utf8')
  migration = await readFile(join(folder, 'migration-server.yaml'), 'utf8')
})

const check = (text: string): HaCheck => checkTopology(parseTopology(text, 'topology.yaml'), HOSTS)

/** One replacement; fails where the example has no such text. */
function changed(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to)
  if (result === text) throw new Error(`${String(from)} is not in the example`)
  return result
}

describe.each(['reference.yaml', 'migration-server.yaml'])('examples/topology/%s', (name) => {
  it('passes without a finding', async () => {
    const file = await readTopology(join(folder, name))
    expect(checkTopology(file, cloudHosts(file.topology.cloud)).findings).toEqual([])
  })
})

interface Variant {
  readonly rule: string
  readonly what: string
  readonly of?: 'migration'
  readonly change: readonly (readonly [from: string | RegExp, to: string])[]
  /** Text of the line that the finding names. */
  readonly at: RegExp
  readonly severity?: 'warning'
}

const LONE_SERVER = /  - name: MFA2[\s\S]+?(?=\n\nreplication)/

const VARIANTS: readonly Variant[] = [
  {rule: 'H1', what: 'two primaries', change: [['role: subordinate', 'role: primary']], at: /role: primary/},
  {rule: 'H1', what: 'no primary', change: [['role: primary', 'role: subordinate']], at: /^servers:/},
  {
    rule: 'H2',
    what: 'one server alone',
    change: [
      [LONE_SERVER, ''],
      ['candidate: MFA2', ''],
      ['members: [MFA1, MFA2]', 'members: [MFA1]'],
    ],
    at: /^servers:/,
  },
  {rule: 'H3', what: 'automatic promotion', change: [['mode: manual', 'mode: automatic']], at: /mode: automatic/},
  {rule: 'H3', what: 'the primary as its own stand-in', change: [['candidate: MFA2', 'candidate: MFA1']], at: /candidate/},
  {
    rule: 'H3',
    what: 'nobody named',
    change: [['  candidate: MFA2\n', '']],
    at: /^promotion:/,
    severity: 'warning',
  },
  {
    rule: 'H3',
    what: 'no word about promotion',
    change: [[/promotion:\n.*\n.*\n/, '']],
    at: /^servers:/,
    severity: 'warning',
  },
  {rule: 'H4', what: 'a stand-alone server among joined ones', change: [[/domain: contoso.com(?![\s\S]*domain:)/, 'domain: standalone']], at: /domain: standalone/},
  {rule: 'H4', what: 'two domains', change: [['domain: contoso.com', 'domain: other.example.com']], at: /domain: contoso.com/},
  {rule: 'H5', what: 'one server without the port', change: [['    staticPort: 4443\n', '']], at: /name: MFA1/},
  {rule: 'H5', what: 'no static port behind a firewall', change: [[/ {4}staticPort: 4443\n/g, '']], at: /firewallBetween/},
  {rule: 'H5', what: 'two ports', change: [['staticPort: 4443', 'staticPort: 4444'], ['[4443]', '[4443, 4444]']], at: /staticPort: 4443/},
  {rule: 'H5', what: 'a closed firewall', change: [['[4443]', '[]']], at: /openPorts/},
  {rule: 'H5', what: 'the dynamic range open', change: [['[4443]', '[4443, 49152-65535]']], at: /openPorts/},
  {rule: 'H5', what: 'the port of the web services', change: [[/4443/g, '443']], at: /staticPort: 443/},
  {rule: 'H5', what: 'open ports unknown', change: [[/ {2}openPorts.*\n/, '']], at: /^replication/, severity: 'warning'},
  {
    rule: 'H5',
    what: 'some servers without the port, no firewall',
    change: [['firewallBetweenServers: true', 'firewallBetweenServers: false'], ['    staticPort: 4443\n', '']],
    at: /name: MFA1/,
    severity: 'warning',
  },
  {rule: 'H6', what: 'two targets', of: 'migration', change: [['targets: [radius.contoso.com]', 'targets: [mfa1.contoso.com, mfa3.contoso.com]']], at: /targets/},
  {rule: 'H6', what: 'one server as the target', of: 'migration', change: [['targets: [radius.contoso.com]', 'targets: [mfa1.contoso.com]']], at: /targets/},
  {rule: 'H6', what: 'no RADIUS server behind the name', change: [['services: [adfs]', 'services: [radius]'], [/adfs:\n[\s\S]+?(?=\nbalancedNames)/, ''], ['members: [ADFS1, ADFS2]', 'members: [MFA1, MFA-UP-MAS1]']], at: /members: \[MFA1, MFA-UP/},
  {rule: 'H7', what: 'one-way SMS without sticky sessions', change: [['oneWaySms: false', 'oneWaySms: true']], at: /sticky: none/},
  {rule: 'H7', what: 'RADIUS by cookie', of: 'migration', change: [[/sticky: source-address(?![\s\S]*sticky)/, 'sticky: cookie']], at: /sticky: cookie/},
  {rule: 'H7', what: 'the SDK by cookie', of: 'migration', change: [['sticky: source-address', 'sticky: cookie']], at: /sticky: cookie/, severity: 'warning'},
  {rule: 'H8', what: 'a portal without sticky sessions', change: [['sticky: cookie', 'sticky: none']], at: /sticky: none/},
  {rule: 'H9', what: 'an MFA server in the perimeter', change: [['role: primary', 'role: primary\n    network: perimeter']], at: /network: perimeter/},
  {rule: 'H9', what: 'a portal on the internet without a proxy', change: [[/ {4}publishedThrough.*\n/, '']], at: /internet: true/},
  {rule: 'H9', what: 'the SDK on the internet', change: [['sticky: none', 'sticky: none\n    internet: true']], at: /internet: true/},
  {rule: 'H9', what: 'a portal server without the mobile app service', change: [['[user-portal, mobile-app]\n    usesSdk', '[user-portal]\n    usesSdk']], at: /members: \[MFA-UP/},
  {rule: 'H9', what: 'a portal that asks another name', change: [['usesSdk: mfaapp', 'usesSdk: mfa']], at: /usesSdk: mfa$/},
  {rule: 'H9', what: 'a portal that asks nobody knows whom', change: [['    usesSdk: mfaapp\n', '']], at: /name: MFA-UP-MAS1/, severity: 'warning'},
  {rule: 'H10', what: 'a server without the SDK', change: [['components: [web-service-sdk]', 'components: []']], at: /members: \[MFA1/},
  {rule: 'H10', what: 'an agent that asks one server', change: [['sdkUrl: https://mfaapp.', 'sdkUrl: https://mfa1.']], at: /sdkUrl: https:\/\/mfa1/},
  {rule: 'H10', what: 'another port', change: [['sdkUrl: https://mfaapp.contoso.com/', 'sdkUrl: https://mfaapp.contoso.com:8443/']], at: /8443/},
  {rule: 'H10', what: 'two paths', change: [[/PfWsSdk\.asmx(?=\n\nbal)/, 'Other.asmx']], at: /Other\.asmx/},
  {rule: 'H11', what: 'a farm that is not balanced', change: [['members: [ADFS1, ADFS2]', 'members: [ADFS1]']], at: /^ {2}servers:/},
  {rule: 'H11', what: 'a farm of one', change: [[/ {4}- name: ADFS2\n.*\n.*\n.*\n/, ''], ['members: [ADFS1, ADFS2]', 'members: [ADFS1]']], at: /^ {2}servers:/},
  {rule: 'H11', what: 'proxies that are not balanced', change: [['services: [adfs-proxy]\n    members: [WAP1, WAP2]', 'services: [adfs-proxy]\n    members: [WAP2]']], at: /^proxies:/},
  {rule: 'H12', what: 'an upgrade under traffic', of: 'migration', change: [['    outOfRotation: [MFA2]\n', '']], at: /members: \[MFA1, MFA2, MFA3\]/},
  {rule: 'H12', what: 'an upgrade without the redistributables', of: 'migration', change: [['[x86, x64]', '[x64]']], at: /visualCpp2015/},
  {rule: 'H12', what: 'redistributables unknown', of: 'migration', change: [[/ {4}visualCpp2015.*\n/, '']], at: /upgrading/, severity: 'warning'},
  {rule: 'H12', what: 'everybody out of rotation', of: 'migration', change: [['outOfRotation: [MFA2]', 'outOfRotation: [MFA1, MFA2, MFA3]']], at: /outOfRotation: \[MFA1/},
  {rule: 'H13', what: 'a migration server behind a load balancer', of: 'migration', change: [['members: [MFA1, MFA2, MFA3]', 'members: [MFA1, MFA2, MFA3, MFA4]']], at: /MFA4\]/},
  {rule: 'H13', what: 'the portal on it', of: 'migration', change: [['components: [web-service-sdk]\n', 'components: [web-service-sdk, user-portal]\n']], at: /components: \[web-service-sdk, user-portal\]/},
  {rule: 'H13', what: 'the primary as migration server', of: 'migration', change: [['server: MFA4', 'server: MFA1'], [/members: \[MFA1, MFA2, MFA3\]/g, 'members: [MFA2, MFA3]']], at: /server: MFA1/},
  {rule: 'H13', what: 'a shared certificate', of: 'migration', change: [['    role: primary\n', '    role: primary\n    certificateThumbprint: 0123456789abcdef0123456789abcdef01234567\n']], at: /certificateThumbprint: 0123456789ABC/},
  {rule: 'H13', what: 'no certificate named', of: 'migration', change: [[/ {2}certificateThumbprint.*\n/, '']], at: /^migration/, severity: 'warning'},
  {rule: 'H14', what: 'sign-in closed', change: [['[graph.microsoft.com, login.microsoftonline.com]', '[graph.microsoft.com]']], at: /outboundHttps: \[graph.microsoft.com\]/},
  {rule: 'H14', what: 'another cloud', change: [['cloud: global', 'cloud: usgov']], at: /outboundHttps/},
  {rule: 'H14', what: 'nothing known', change: [[/ {4}outboundHttps.*\n/, '']], at: /name: MFA1/, severity: 'warning'},
] // prettier-ignore

describe('a variant that breaks one rule fails with exactly that rule:', () => {
  it.each(VARIANTS)('$rule, $what', ({of, change, at, rule, severity = 'blocker'}) => {
    const base = of === 'migration' ? migration : reference
    const text = change.reduce((now, [from, to]) => changed(now, from, to), base)
    const file = parseTopology(text, 'topology.yaml')
    const {findings} = checkTopology(file, cloudHosts(file.topology.cloud))
    expect(new Set(findings.map((finding) => finding.rule))).toEqual(new Set([rule]))
    expect(findings[0]?.severity).toBe(severity)
    const lines = text.split('\n')
    expect(findings.map(({line}) => lines[line - 1]).filter((line) => at.test(line ?? ''))).not.toEqual([])
    for (const {message, fix, field} of findings) {
      expect(message.length).toBeGreaterThan(10)
      expect(fix).toMatch(/\.$/)
      expect(field).not.toBe('')
    }
  })

  it('and every rule has one', () => {
    const blocked = new Set(VARIANTS.filter(({severity}) => severity === undefined).map(({rule}) => rule))
    expect(RULE_IDS.filter((id) => !blocked.has(id))).toEqual([])
  })
})

describe('what is right is left alone', () => {
  it('a client name that asks the balanced address', () => {
    expect(
      check(changed(migration, 'targets: [radius.contoso.com]', 'targets: [192.0.2.103]')).findings,
    ).toEqual([])
  })
  it('no static port where no firewall is between the servers', () => {
    const text = changed(
      changed(reference, 'firewallBetweenServers: true', 'firewallBetweenServers: false'),
      / {4}staticPort: 4443\n/g,
      '',
    )
    expect(check(text).findings).toEqual([])
  })
  it('domain names in another letter case', () => {
    expect(check(changed(reference, 'domain: contoso.com', 'domain: CONTOSO.COM')).findings).toEqual([])
  })
  it('government hosts in the government cloud', () => {
    const text = changed(
      changed(reference, 'cloud: global', 'cloud: usgov'),
      /\[graph\.microsoft\.com, login\.microsoftonline\.com\]/g,
      '[graph.microsoft.us, "*.microsoftonline.us"]',
    )
    const file = parseTopology(text, 'topology.yaml')
    expect(checkTopology(file, cloudHosts(file.topology.cloud)).findings).toEqual([])
  })
})
