import {describe, expect, test} from 'vitest'

import {addressesOf} from '../../src/lib/source/active-directory/forest.js'
import {dnsDomain, domainsOf, isWithin, reference} from '../../src/lib/source/active-directory/naming.js'
import {sidText} from '../../src/lib/source/active-directory/sid.js'

describe('objectSid', () => {
  const bytes = (hex: string) => Buffer.from(hex, 'hex')

  test.each([
    [
      '010500000000000515000000a065cf7e784b9b5fe77c8770ce040000',
      'S-1-5-21-2127521184-1604012920-1887927527-1230',
    ],
    ['01020000000000052000000020020000', 'S-1-5-32-544'],
    ['010100000000000512000000', 'S-1-5-18'],
    ['010100ffffffffff00000080', 'S-1-1099511627775-2147483648'],
  ])('%s is %s', (hex, sid) => {
    expect(sidText(bytes(hex))).toBe(sid)
  })

  test.each(['', '01', '0105000000000005', '020100000000000512000000', '01010000000000051200000000'])(
    '"%s" is none',
    (hex) => {
      expect(sidText(bytes(hex))).toBeUndefined()
    },
  )
})

describe('addresses of another domain of the forest', () => {
  const DNS = 'child.corp.example.com'
  const server = (dNSHostName: string, domain = 'DC=child,DC=corp,DC=example,DC=com') => ({
    dn: `CN=${dNSHostName},CN=Sites`,
    dNSHostName,
    serverReference: `CN=x,OU=Domain Controllers,${domain}`,
  })
  const servers = [
    server('dc2.child.corp.example.com'),
    server('DC1.child.corp.example.com'),
    server('dc9.corp.example.com', 'DC=corp,DC=example,DC=com'),
    // A controller can write its own name.
    server('evil.example.net'),
    server('evilchild.corp.example.com'),
    server('dc3.child.corp.example.com'),
    server('dc4.child.corp.example.com'),
  ]
  const addresses = (host: string, url: string) =>
    addressesOf(
      {
        url,
        alive: true,
        search: async () => ({entries: servers, references: []}),
        pages: () => {
          throw new Error('not asked')
        },
        close: async () => {},
      },
      {base: 'DC=child,DC=corp,DC=example,DC=com', dns: DNS, netbios: 'CHILD', host, kind: 'domain'},
      'CN=Configuration,DC=corp,DC=example,DC=com',
      new AbortController().signal,
    )

  test('are its name, then a few of its own controllers, over the same protocol and port', async () => {
    expect(await addresses(DNS, 'ldaps://dc1.corp.example.com:636')).toEqual([
      'ldaps://child.corp.example.com:636',
      'ldaps://dc1.child.corp.example.com:636',
      'ldaps://dc2.child.corp.example.com:636',
      'ldaps://dc3.child.corp.example.com:636',
    ])
    expect((await addresses('child.example.com:10389', 'ldap://dc1:389')).slice(0, 2)).toEqual([
      'ldap://child.example.com:10389',
      'ldap://dc1.child.corp.example.com:389',
    ])
  })

  test('what is no name of a host is left out', async () => {
    expect((await addresses('a:b@host/x', 'ldaps://dc1:636'))[0]).toBe(
      'ldaps://dc1.child.corp.example.com:636',
    )
  })
})

describe('names of Active Directory', () => {
  test.each([
    ['CN=Ann,CN=Users,DC=corp,DC=Example,DC=com', 'corp.example.com'],
    ['CN=Eve\\, DC=evil,OU=x,dc=contoso, DC=com', 'contoso.com'],
    ['CN=Nobody,O=Contoso', undefined],
  ])('%s is in %s', (dn, dns) => {
    expect(dnsDomain(dn)).toBe(dns)
  })

  test('a domain without a known NetBIOS name has its first label instead', () => {
    const netbios = new Map([['corp.example.com', 'CONTOSO']])
    expect(domainsOf('CN=a,DC=corp,DC=example,DC=com', netbios)).toEqual(['corp.example.com', 'CONTOSO'])
    expect(domainsOf('CN=a,DC=fabrikam,DC=com', netbios)).toEqual(['fabrikam.com', 'fabrikam'])
  })

  test.each([
    [`CN=a,DC=child,DC=corp`, 'dc=corp', true],
    ['DC=corp', 'DC=Corp', true],
    ['CN=a,DC=corp', '', true],
    ['DC=acorp', 'DC=corp', false],
    ['CN=a\\,DC=corp', 'DC=corp', false],
    ['DC=corp', 'DC=child,DC=corp', false],
  ])('%s is within %s: %s', (dn, base, is) => {
    expect(isWithin(dn, base)).toBe(is)
  })

  test('references to partitions without users say nothing', () => {
    expect(reference('ldap://child.contoso.com/DC=child,DC=contoso,DC=com??sub')).toEqual({
      host: 'child.contoso.com',
      base: 'DC=child,DC=contoso,DC=com',
    })
    for (const partition of ['CN=Configuration', 'DC=DomainDnsZones', 'DC=ForestDnsZones', 'CN=Schema'])
      expect(reference(`ldap://contoso.com/${partition},DC=contoso,DC=com`)).toBeUndefined()
    expect(reference('ldap://contoso.com/%ZZ')).toBeUndefined()
    expect(reference('http://contoso.com/DC=contoso')).toBeUndefined()
  })
})
