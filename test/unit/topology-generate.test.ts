import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import fc from 'fast-check'
import {beforeAll, describe, expect, it} from 'vitest'
import {stringify} from 'yaml'

import {parseTopology} from '../../src/lib/config/topology-file.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {BALANCED_SERVICES, STICKY} from '../../src/lib/model/topology.js'
import {stickiness} from '../../src/lib/topology/generate/balancing.js'
import {type Format, FORMATS, generate} from '../../src/lib/topology/generate/generate.js'
import {cloudHosts} from '../../src/wire-topology.js'
import {arbitraryTopology} from '../fixtures/arbitrary-topology.js'

const folder = join(import.meta.dirname, '../../examples/topology')
let reference = ''
let migration = ''
beforeAll(async () => {
  reference = await readFile(join(folder, 'reference.yaml'), 'utf8')
  migration = await readFile(join(folder, 'migration-server.yaml'), 'utf8')
})

const made = (text: string, format: Format) => {
  const file = parseTopology(text, 'topology.yaml')
  return generate(file, format, cloudHosts(file.topology.cloud))
}
const textOf = (text: string, format: Format, index = 0): string => made(text, format)[index]?.text ?? ''

function errorOf(work: () => unknown): MfaError {
  try {
    work()
  } catch (error) {
    if (error instanceof MfaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('stickiness', () => {
  it.each([
    [['user-portal'], false, 'none', {sticky: 'cookie', because: 'H8'}],
    [['mobile-app'], true, 'none', {sticky: 'cookie', because: 'H8'}],
    [['user-portal'], false, 'source-address', {sticky: 'source-address'}],
    [['web-service-sdk'], false, 'none', {sticky: 'none'}],
    [['web-service-sdk'], true, 'none', {sticky: 'source-address', because: 'H7'}],
    [['web-service-sdk'], true, 'cookie', {sticky: 'cookie'}],
    [['radius'], false, 'none', {sticky: 'none'}],
    [['radius'], true, 'none', {sticky: 'source-address', because: 'H7'}],
    [['radius'], true, 'cookie', {sticky: 'source-address', because: 'H7'}],
    [['radius'], false, 'cookie', {sticky: 'source-address'}],
    [['adfs'], true, 'none', {sticky: 'none'}],
  ] as const)('of %j with one-way SMS %s, said %s', (services, oneWaySms, sticky, expected) => {
    expect(stickiness({oneWaySms}, {services, sticky})).toEqual(expected)
  })

  it('is never less than H7 and H8 ask for', () => {
    const failed = fc.check(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...BALANCED_SERVICES), {minLength: 1}),
        fc.boolean(),
        fc.constantFrom(...STICKY),
        (services, oneWaySms, sticky) => {
          const found = stickiness({oneWaySms}, {services, sticky}).sticky
          const h8 = services.includes('user-portal') || services.includes('mobile-app')
          const h7 = oneWaySms && (services.includes('web-service-sdk') || services.includes('radius'))
          return !(h7 || h8) || found !== 'none'
        },
      ),
    )
    expect(failed.counterexample).toBeNull()
  })
})

describe('haproxy', () => {
  it('passes the stateless name through and ends TLS where it needs a cookie', () => {
    const text = textOf(reference, 'haproxy')
    const [, sdk = '', portal = ''] =
      /backend mfaapp\n([\s\S]+?)\n\n[\s\S]+?backend mfa\n([\s\S]+?)\n\n/.exec(text) ?? []
    expect(sdk).toMatch(/mode tcp/)
    expect(sdk).not.toMatch(/cookie|stick/)
    expect(portal).toMatch(/mode http/)
    expect(portal).toMatch(/cookie MFASERVER insert indirect nocache httponly secure/)
    expect(portal).toMatch(/server MFA-UP-MAS1 192\.0\.2\.21:443 cookie MFA-UP-MAS1 ssl verify required/)
    expect(text).not.toMatch(/verify none/)
  })

  it('makes RADIUS a comment, and refuses a topology with nothing else', () => {
    expect(textOf(migration, 'haproxy')).toMatch(/# radius is RADIUS \(UDP\).*--format nginx/)
    expect(textOf(migration, 'haproxy')).not.toMatch(/bind .*1812/)
    const file = parseTopology(migration, 't.yaml')
    const only = {
      ...file.topology,
      balancedNames: file.topology.balancedNames.filter(({name}) => name === 'radius'),
    }
    const error = errorOf(() => generate({...file, topology: only}, 'haproxy', cloudHosts('global')))
    expect([error.exit, error.message]).toEqual([
      'data',
      't.yaml balances RADIUS only, and HAProxy does not forward UDP',
    ])
  })

  it('leaves out who is out of rotation', () => {
    expect(textOf(migration, 'haproxy').match(/server MFA2 .*disabled$/gm)).toHaveLength(2)
    expect(textOf(migration, 'nginx').match(/192\.0\.2\.12:\d+ down;/g)).toHaveLength(3)
  })
})

describe('nginx', () => {
  it('balances RADIUS over UDP, sticky by address where one-way SMS is used', () => {
    const text = textOf(migration, 'nginx')
    expect(text).toMatch(/upstream radius \{\n +zone radius 64k;\n +hash \$remote_addr consistent;/)
    expect(text).toMatch(
      /listen 192\.0\.2\.103:1812 udp reuseport;\n +proxy_pass radius;\n +proxy_responses 1;\n +proxy_timeout 60000ms;/,
    )
    const stateless = migration
      .replace('oneWaySms: true', 'oneWaySms: false')
      .replaceAll('sticky: source-address', 'sticky: none')
    // A retransmission comes from the same port and must reach the same server.
    expect(textOf(stateless, 'nginx')).toMatch(
      /upstream radius \{\n +zone radius 64k;\n +hash \$remote_addr\$remote_port consistent;/,
    )
  })

  it('takes a cookie only that looks like its own', () => {
    expect(textOf(reference, 'nginx')).toMatch(
      /map \$cookie_mfa_route \$mfa_route \{\n +"~\^\[0-9a-f\]\{32\}\$" \$cookie_mfa_route;/,
    )
  })
})

describe('for Windows', () => {
  it('the port stands in the registry file, hexadecimal, with CRLF', () => {
    const text = textOf(reference, 'registry')
    expect(text.startsWith('Windows Registry Editor Version 5.00\r\n\r\n')).toBe(true)
    expect(text).toContain(
      '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Positive Networks\\PhoneFactor]\r\n"Pfsvc_ncan_ip_tcp_port"=dword:0000115b\r\n',
    )
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })

  it('the scripts set the port and try the hosts of the cloud', () => {
    expect(made(reference, 'powershell').map(({name}) => name)).toEqual([
      'set-static-port.ps1',
      'check-outbound.ps1',
    ])
    expect(textOf(reference, 'powershell')).toContain('$port = 4443\r\n')
    const government = reference.replace('cloud: global', 'cloud: usgov')
    expect(textOf(government, 'powershell', 1)).toContain("'graph.microsoft.us', 'login.microsoftonline.us'")
  })

  it.each([
    ['no port', /^ {4}staticPort.*\n/gm, '', /no server has a staticPort/],
    [
      'two ports',
      'staticPort: 4443',
      'staticPort: 4444',
      /servers have different static ports \(4444, 4443\)/,
    ],
  ] as const)('%s: refused with the line', (_what, from, to, says) => {
    const text = reference.replace(from, to)
    for (const format of ['registry', 'powershell'] as const) {
      const error = errorOf(() => made(text, format))
      expect(error.exit).toBe('data')
      expect(error.message).toMatch(/^topology\.yaml, line 10, field servers: /)
      expect(error.message).toMatch(says)
    }
  })
})

describe('firewall', () => {
  it('opens the static port between the MFA servers, and nothing wide', () => {
    const csv = textOf(reference, 'firewall').split('\r\n')
    expect(csv[0]).toBe('from,fromAddresses,to,toHost,toAddress,protocol,port,rule,why')
    expect(csv).toContain(
      'MFA2,192.0.2.12,MFA1,mfa1.contoso.com,192.0.2.11,TCP,4443,H5,"replication to the primary, which any server may become"',
    )
    expect(csv).toContain(
      'WAP1 WAP2,198.51.100.11 198.51.100.12,mfa,mfa.contoso.com,192.0.2.102,TCP,443,H9,"user portal, mobile app service"',
    )
    expect(new Set(csv.slice(1, -1).map((line) => line.split(',')[6]))).toEqual(new Set(['443', '4443']))
    const script = textOf(reference, 'firewall', 1)
    expect(script).toContain("Allow 'TCP' 4443 (Addresses '192.0.2.12') 'H5'")
    expect(script).toContain(
      "[ValidateSet('MFA1', 'MFA2', 'MFA-UP-MAS1', 'MFA-UP-MAS2', 'WAP1', 'WAP2', 'ADFS1', 'ADFS2')]",
    )
  })
})

describe('mermaid', () => {
  it('draws every machine, and every member behind its name', () => {
    const text = textOf(migration, 'mermaid')
    const id = (name: string) =>
      new RegExp(`(n\\d+)[[{]+"${name.replaceAll('.', '\\.')}<br/>`).exec(text)?.[1]
    for (const name of ['MFA1', 'MFA2', 'MFA3', 'MFA4']) expect(id(name)).toBeDefined()
    expect(text).toContain(`${id('mfa.contoso.com')} --> ${id('MFA1')}\n`)
    expect(text).toContain(`${id('mfa.contoso.com')} -.->|out| ${id('MFA2')}\n`)
    expect(text).toContain(`${id('MFA4')} -.->|replication 4443| ${id('MFA1')}\n`)
    expect(text).not.toContain(`${id('mfa.contoso.com')} --> ${id('MFA4')}\n`)
  })
})

describe('any topology', () => {
  it('gives the same text each time, or a message; names of the file never steer the programs', () => {
    fc.assert(
      fc.property(arbitraryTopology, fc.constantFrom(...FORMATS), (shape, format) => {
        const text = stringify(shape, {aliasDuplicateObjects: false})
        try {
          const one = made(text, format)
          expect(made(text, format)).toEqual(one)
          for (const file of one) expect(file.text).not.toMatch(/undefined|NaN|\[object/)
        } catch (error) {
          if (!(error instanceof MfaError) || error.exit !== 'data') throw error
        }
      }),
      {numRuns: 400, seed: 7},
    )
  })

  it('with two names on one port is refused with the line', () => {
    const text = reference.replaceAll(/ {4}address: 192\.0\.2\.10[12]\n/g, '')
    for (const format of ['haproxy', 'nginx'] as const) {
      const error = errorOf(() => made(text, format))
      expect(error.message).toMatch(
        /^topology\.yaml, line \d+, field balancedNames\[1\]: mfa and mfaapp would both listen on port 443$/,
      )
    }
  })

  it('gives comments of one line, whatever its file is called', () => {
    const file = parseTopology(reference, 'a\nfrontend evil.yaml')
    for (const format of ['haproxy', 'nginx'] as const) {
      const [made] = generate(file, format, cloudHosts('global'))
      expect(made?.text).toMatch(/^# .*from a\\nfrontend evil\.yaml by/)
      expect(made?.text).not.toMatch(/^frontend evil/m)
    }
  })

  it('without balanced names has no load balancer', () => {
    const text = reference.replace(/balancedNames:[\s\S]+/, '').replaceAll(/ {4}usesSdk.*\n/g, '')
    expect(errorOf(() => made(text, 'haproxy')).message).toBe(
      'topology.yaml has no balancedNames: there is nothing to configure',
    )
  })
})
