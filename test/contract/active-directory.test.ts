import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {Secret} from '../../src/lib/model/secret.js'
import {
  type ActiveDirectoryOptions,
  openActiveDirectory,
} from '../../src/lib/source/active-directory/active-directory.js'
import {type Asked, type LdapServer, ldapServer, type Told} from '../counterparts/ldap-server.js'
import {makePrivateCa, type PrivateCa} from '../counterparts/private-ca.js'
import {FakeClock} from '../fakes/clock.js'

const BASE = 'DC=corp,DC=example,DC=com'
const CONFIGURATION = `CN=Configuration,${BASE}`
const PASSWORD = 'Invented-Pass-0123!'
const signal = new AbortController().signal

let folder: string
let ca: PrivateCa
const servers: LdapServer[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-ldap-'))
  ca = await makePrivateCa(folder)
})
afterAll(() => rm(folder, {recursive: true, force: true}))
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const SUB = 2
const user = (name: string, rid: number, base = BASE) => ({
  dn: `CN=${name},CN=Users,${base}`,
  attributes: {
    mail: [`${name}@example.com`],
    objectSid: [Buffer.from(`0105000000000005150000000100000002000000030000000${rid}000000`, 'hex')],
  },
})
const sid = (rid: number): string => `S-1-5-21-1-2-3-${rid}`

/** A domain controller: all that is asked before users are. `users` answers the rest. */
async function controller(
  users: (asked: Asked) => Told,
  {base = BASE, partitions = [], tls = ca}: Partial<Directory> = {},
): Promise<LdapServer> {
  const server = await ldapServer(tls, (asked) => {
    if (asked.scope === SUB && !asked.base.startsWith('CN=Sites')) return users(asked)
    if (asked.base === '')
      return {
        entries: [
          {
            dn: '',
            attributes: {
              defaultNamingContext: [base],
              namingContexts: [base],
              schemaNamingContext: [`CN=Schema,${CONFIGURATION}`],
              configurationNamingContext: [CONFIGURATION],
            },
          },
        ],
      }
    if (asked.base === `CN=Schema,${CONFIGURATION}`)
      return {
        entries: [
          {
            dn: 'CN=mail',
            attributes: {lDAPDisplayName: ['mail'], attributeSyntax: ['2.5.5.12'], searchFlags: ['1']},
          },
        ],
      }
    if (asked.base === `CN=Partitions,${CONFIGURATION}`)
      return {
        entries: partitions.map((each, at) => ({
          dn: `CN=${at},${asked.base}`,
          attributes: {nCName: [each.base], dnsRoot: [each.host], systemFlags: [String(each.flags ?? 3)]},
        })),
      }
    if (asked.base === base) return {entries: [{dn: base, attributes: {objectClass: ['domain']}}]}
    if (asked.base.endsWith('DC=fabrikam,DC=com'))
      return {code: 10, referrals: ['ldap://fabrikam.com/DC=fabrikam,DC=com']}
    return asked.base.startsWith('DC=child')
      ? {code: 10, referrals: [`ldap://child.corp.example.com/${asked.base}`]}
      : {code: 32}
  })
  servers.push(server)
  return server
}

interface Directory {
  readonly base: string
  readonly partitions: readonly {readonly base: string; readonly host: string; readonly flags?: number}[]
  readonly tls: {readonly key: string; readonly cert: string}
}

async function look(
  urls: readonly string[],
  values: readonly string[],
  options: Partial<ActiveDirectoryOptions> = {},
) {
  const warnings: string[] = []
  const lookup = await openActiveDirectory(
    {
      urls,
      attribute: 'mail',
      account: {username: 'svc-mfa@corp.example.com', password: new Secret(PASSWORD)},
      caFile: ca.file,
      clock: new FakeClock(),
      warn: (text) => void warnings.push(text),
      pageSize: 2,
      connectTimeoutMs: 2000,
      answerTimeoutMs: 2000,
      ...options,
    },
    signal,
  )
  try {
    const found = await lookup.find(values, signal)
    const sids = Object.fromEntries([...found].map(([value, all]) => [value, all.map((each) => each.sid)]))
    return {sids, warnings, unasked: lookup.unasked(), found}
  } finally {
    await lookup.close()
  }
}

const VALUES = ['ann@example.com', 'bob@example.com', 'cat@example.com']
const ALL = {
  'ann@example.com': [sid(1)],
  'bob@example.com': [sid(2)],
  'cat@example.com': [sid(3)],
}
const pagesAsked = ({asked}: LdapServer) =>
  asked.flatMap(({base, scope, page}) => (scope === SUB && !base.startsWith('CN=Sites') ? [page] : []))

describe('paged answers (RFC 2696)', () => {
  /** Three users on four pages, of which the second and the third are empty. */
  const paged = ({page}: Asked): Told => {
    const told: Readonly<Record<string, Told>> = {
      '': {entries: [user('ann', 1), user('bob', 2)], cookie: 'one'},
      one: {cookie: 'two'},
      two: {cookie: 'three'},
      three: {entries: [user('cat', 3)], cookie: ''},
    }
    return told[page?.cookie ?? 'none'] ?? {code: 53}
  }

  test('go on until the cookie is empty, past empty pages', async () => {
    const server = await controller(paged)
    expect((await look([server.url], VALUES)).sids).toEqual(ALL)
    expect(pagesAsked(server)).toEqual([
      {size: 2, cookie: '', critical: false},
      {size: 2, cookie: 'one', critical: true},
      {size: 2, cookie: 'two', critical: true},
      {size: 2, cookie: 'three', critical: true},
    ])
  })

  test('a server that does not page answers at once', async () => {
    const server = await controller(() => ({entries: [user('ann', 1), user('bob', 2), user('cat', 3)]}))
    expect((await look([server.url], VALUES)).sids).toEqual(ALL)
  })

  test.each<[string, Told]>([
    ['the connection breaks off', {entries: [user('cat', 3)], hangUp: true}],
    ['the server does not know its cookie any more', {code: 53}],
    ['the server cannot page after all', {code: 12}],
    ['the server fails', {code: 1}],
    ['the last page has no paging control', {entries: [user('cat', 3)]}],
  ])('when %s in the middle, the whole question goes to the next controller', async (_, told) => {
    const bad = await controller((asked) => (asked.page?.cookie === '' ? paged(asked) : told))
    const good = await controller(paged)
    const {sids, warnings} = await look([bad.url, good.url], VALUES)
    expect(sids).toEqual(ALL)
    expect(warnings).toEqual([expect.stringMatching(/broke off.*trying ldaps/)])
    // From its beginning: a cookie is worth nothing elsewhere.
    expect(pagesAsked(good)[0]).toMatchObject({cookie: ''})
  })

  test('an answer that stays broken is an error, not a shorter answer', async () => {
    const server = await controller((asked) => (asked.page?.cookie === '' ? paged(asked) : {code: 53}))
    await expect(look([server.url], VALUES)).rejects.toMatchObject({
      exit: 'unavailable',
      message: expect.stringContaining('in the middle of an answer'),
    })
    expect(pagesAsked(server)).toHaveLength(4)
  })

  test('a server that sends empty pages for ever is given up', async () => {
    const server = await controller(() => ({cookie: 'again'}))
    await expect(look([server.url], VALUES)).rejects.toMatchObject({
      message: expect.stringContaining('pages in a row were empty'),
    })
  })

  test.each<[string, Told, object]>([
    ['cuts answers off', {entries: [user('ann', 1)], code: 4}, {code: 'AD_LIMIT', exit: 'unavailable'}],
    ['takes too long', {code: 3}, {code: 'AD_LIMIT', fix: expect.stringContaining('indexed')}],
    [
      'points elsewhere',
      {code: 10, referrals: ['ldap://x.example']},
      {exit: 'unavailable', message: expect.stringContaining('ldap://x.example')},
    ],
  ])('a server that %s is an error', async (_, told, error) => {
    const server = await controller(() => told)
    await expect(look([server.url], VALUES)).rejects.toMatchObject(error)
  })

  test('a value that nearly everybody has is no name', async () => {
    const crowd = Array.from({length: 501}, (_, at) => ({...user('ann', 1), dn: `CN=${at},${BASE}`}))
    const server = await controller(({page}) => ({entries: crowd, cookie: page?.cookie === '' ? 'more' : ''}))
    await expect(look([server.url], VALUES)).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('whose mail is "ann@example.com"'),
    })
  })
})

describe('other domains and directories', () => {
  const CHILD = `DC=child,${BASE}`
  const nobody = (): Told => ({cookie: ''})
  const inChild = ({base}: Asked): Told =>
    base === CHILD ? {entries: [user('cat', 3, CHILD)], cookie: ''} : {code: 32}

  async function forest(tell: (asked: Asked) => Told = nobody, flags = 3) {
    const child = await controller(inChild, {base: CHILD})
    const partitions = [
      {base: BASE, host: 'corp.example.com'},
      {base: CHILD, host: `127.0.0.1:${child.port}`, flags},
      {base: `DC=ForestDnsZones,${BASE}`, host: 'corp.example.com', flags: 5},
    ]
    const parent = await controller(tell, {partitions})
    return {parent, child}
  }
  const references = (...uris: readonly string[]): Told => ({references: uris, cookie: ''})
  const usual = [
    `ldap://ForestDnsZones.corp.example.com/DC=ForestDnsZones,${BASE}`,
    `ldap://DomainDnsZones.corp.example.com/DC=DomainDnsZones,${BASE}`,
    `ldap://corp.example.com/CN=Configuration,${BASE}`,
  ]

  test('a domain below is told of and gets no password, unless that is allowed', async () => {
    const {parent, child} = await forest(() => references(...usual, `ldap://child.corp.example.com/${CHILD}`))
    const {sids, warnings, unasked} = await look([parent.url], VALUES)
    expect(sids).toEqual({})
    expect(unasked).toEqual(['child.corp.example.com'])
    expect(warnings).toEqual([expect.stringMatching(/child\.corp\.example\.com.*--ad-referrals follow/)])
    expect(child.binds).toEqual([])
  })

  test('follow: it is asked too, once', async () => {
    const {parent, child} = await forest(() => references(...usual, `ldap://child.corp.example.com/${CHILD}`))
    const {sids, warnings, unasked, found} = await look([parent.url], VALUES, {referrals: 'follow'})
    expect(sids).toEqual({'cat@example.com': [sid(3)]})
    expect(found.get('cat@example.com')?.[0]?.domains).toContain('child.corp.example.com')
    expect({warnings, unasked}).toEqual({warnings: [], unasked: []})
    expect(child.binds).toEqual(['svc-mfa@corp.example.com'])
    expect(pagesAsked(child)).toHaveLength(1)
  })

  test('follow: one name in two domains is two accounts', async () => {
    const {parent} = await forest(() => ({entries: [user('cat', 7)], cookie: ''}))
    expect((await look([parent.url], VALUES, {referrals: 'follow'})).sids).toEqual({
      'cat@example.com': [sid(7), sid(3)],
    })
  })

  test('follow: a domain that cannot be asked is told of, by name and reason', async () => {
    const {parent, child} = await forest()
    await child.close()
    const {warnings, unasked} = await look([parent.url], VALUES, {referrals: 'follow'})
    expect(unasked).toEqual(['child.corp.example.com'])
    expect(warnings).toEqual([
      expect.stringMatching(/child\.corp\.example\.com are not looked up: ldaps:.*refused/),
    ])
  })

  test('follow: a controller whose certificate nobody trusts gets no password', async () => {
    const other = await mkdtemp(join(folder, 'other-'))
    const stranger = await controller(inChild, {base: CHILD, tls: await makePrivateCa(other)})
    const parent = await controller(nobody, {
      partitions: [{base: CHILD, host: `127.0.0.1:${stranger.port}`}],
    })
    const {warnings, unasked} = await look([parent.url], VALUES, {referrals: 'follow'})
    expect(unasked).toEqual(['child.corp.example.com'])
    expect(warnings).toEqual([expect.stringContaining('a CA that is not trusted')])
    expect(stranger.binds).toEqual([])
  })

  test.each(['follow', 'report'] as const)(
    '%s: what is no domain of the forest gets no password, wherever an answer points',
    async (referrals) => {
      const partner = await controller(nobody)
      const where = `ldap://127.0.0.1:${partner.port}/DC=partner,${BASE}`
      // Not in the list at all; and in the list, as another directory.
      const {parent, child} = await forest(
        () => references(...usual, where, where, `ldap://child.corp.example.com/${CHILD}`),
        0,
      )
      const {warnings, unasked} = await look([parent.url], VALUES, {referrals})
      expect(unasked).toEqual([`DC=partner,${BASE}`, CHILD])
      expect(warnings).toEqual([
        expect.stringMatching(/DC=partner.*127\.0\.0\.1.*password is not sent/),
        expect.stringMatching(/DC=child.*child\.corp\.example\.com.*password is not sent/),
      ])
      expect([...partner.binds, ...child.binds]).toEqual([])
    },
  )

  test('a base in another domain: refused with the way there, or followed', async () => {
    const {parent, child} = await forest()
    await expect(look([parent.url], VALUES, {base: CHILD})).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('child.corp.example.com'),
      fix: expect.stringContaining('--ad-referrals follow'),
    })
    expect(child.binds).toEqual([])
    const {sids, unasked} = await look([parent.url], VALUES, {base: CHILD, referrals: 'follow'})
    expect(sids).toEqual({'cat@example.com': [sid(3)]})
    expect(unasked).toEqual([])
    expect(pagesAsked(parent)).toEqual([])
  })

  test('a base in a strange directory is refused, and where it is said to be is told', async () => {
    const {parent} = await forest()
    await expect(
      look([parent.url], VALUES, {base: 'DC=fabrikam,DC=com', referrals: 'follow'}),
    ).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringMatching(/another directory.*ldap:\/\/fabrikam\.com/),
    })
  })
})
