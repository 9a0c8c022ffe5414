import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {Secret} from '../../src/lib/model/secret.js'
import type {DirectoryLookup} from '../../src/lib/ports/directory-lookup.js'
import {
  type ActiveDirectoryOptions,
  openActiveDirectory,
} from '../../src/lib/source/active-directory/active-directory.js'
import {systemClock} from '../../src/system-clock.js'
import {newPlace, type Place} from '../helpers/mfa.js'
import {BASE, type Controller, type Domain, loopback, newDomain, noSamba, READER} from '../helpers/samba.js'

const why = noSamba()
// A pipeline that cannot try this has to be repaired, not passed over.
if (why !== undefined && process.env['CI'] === 'true')
  throw new Error(`no Active Directory to test with: ${why}`)
if (why !== undefined) process.stderr.write(`Active Directory is not tested here: ${why}\n`)

const people = ['Ann', 'Bob', 'Cat', 'Cat Two', 'Dan', 'Eve, Jr', 'Odd', 'Uml']
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Ann: ['sAMAccountName: ann', 'employeeID: E-1001', 'mail: ann@example.com'],
  Bob: ['sAMAccountName: bob', 'employeeID: E-1002', 'mail: bob@example.com'],
  Cat: ['sAMAccountName: cat', 'employeeID: E-1003'],
  'Cat Two': ['sAMAccountName: cat2', 'employeeID: E-1003'],
  Dan: ['sAMAccountName: dan', 'employeeID: E-1004', 'mail: dan@example.com'],
  'Eve, Jr': ['sAMAccountName: eve', 'employeeID: E-1005'],
  Odd: ['sAMAccountName: odd', 'extensionAttribute1: a*(b)\\', 'employeeID: E-1006'],
  Uml: ['sAMAccountName: uml', 'extensionAttribute1:: Wm/DqyDDvGJlcg=='],
}
const LDIF = people
  .map((cn) =>
    [
      `dn: CN=${cn.replace(',', '\\,')},CN=Users,${BASE}`,
      'objectClass: user',
      'userAccountControl: 514',
      ...(FIELDS[cn] ?? []),
    ].join('\n'),
  )
  .join('\n\n')

describe.skipIf(why !== undefined)('U2 (4): matching through Active Directory', () => {
  let domain: Domain
  let first: Controller
  let second: Controller
  let place: Place
  const [one, two, three, nobody] = [loopback(1), loopback(2), loopback(3), loopback(9)]
  const signal = new AbortController().signal

  beforeAll(async () => {
    domain = await newDomain(`${LDIF}\n`, [one, two, three])
    first = await domain.start(one)
    second = await domain.start(two)
    place = await newPlace({
      MFA_AD_URL: first.ldaps,
      MFA_AD_CA: domain.ca,
      MFA_AD_USERNAME: READER.username,
      MFA_AD_PASSWORD: READER.password,
    })
  }, 120_000)
  afterAll(async () => {
    await place?.remove()
    await domain?.remove()
  })

  const sid = (cn: string): string => {
    const found = domain.sids.get(cn)
    if (found === undefined) throw new Error(`no SID of ${cn}`)
    return found
  }

  async function open(
    options: Partial<ActiveDirectoryOptions> = {},
  ): Promise<{readonly lookup: DirectoryLookup; readonly warnings: readonly string[]}> {
    const warnings: string[] = []
    const lookup = await openActiveDirectory(
      {
        urls: [first.ldaps],
        attribute: 'employeeID',
        account: {username: READER.username, password: new Secret(READER.password)},
        caFile: domain.ca,
        clock: {...systemClock, sleep: () => Promise.resolve()},
        warn: (text) => void warnings.push(text),
        ...options,
      },
      signal,
    )
    return {lookup, warnings}
  }

  async function look(options: Partial<ActiveDirectoryOptions>, values: readonly string[]) {
    const {lookup} = await open(options)
    const found = await lookup.find(values, signal)
    await lookup.close()
    return Object.fromEntries(
      [...found].map(([value, accounts]) => [value, accounts.map((each) => each.sid)]),
    )
  }

  describe('the adapter', () => {
    test.each([
      ['LDAPS', () => [first.ldaps]],
      ['StartTLS', () => [first.startTls]],
    ])('finds by value over %s, letter case apart, and decodes the SID', async (_, urls) => {
      const found = await look({urls: urls()}, ['e-1001', 'E-1002', 'E-1003', 'E-9999', ''])
      expect(found).toEqual({
        'e-1001': [sid('Ann')],
        'E-1002': [sid('Bob')],
        'E-1003': expect.arrayContaining([sid('Cat'), sid('Cat Two')]),
      })
    })

    test('names the domain by DNS and by NetBIOS, which is not its first label', async () => {
      const {lookup} = await open()
      const found = await lookup.find(['E-1005'], signal)
      await lookup.close()
      expect(found.get('E-1005')).toEqual([
        {
          distinguishedName: `CN=Eve\\, Jr,CN=Users,${BASE}`,
          sid: sid('Eve, Jr'),
          domains: ['corp.example.com', 'CONTOSO'],
        },
      ])
    })

    test('takes what looks like a pattern as it stands', async () => {
      const found = await look({attribute: 'extensionAttribute1'}, [
        'a*(b)\\',
        '*',
        'a*',
        'a\\2a(b)\\',
        '\\',
        'a*(b)\\)(cn=*',
        'zoë über',
      ])
      expect(found).toEqual({'a*(b)\\': [sid('Odd')], 'zoë über': [sid('Uml')]})
    })

    test('asks in as many questions as it takes', async () => {
      const values = Array.from({length: 25}, (_, at) => `E-${1000 + at}`)
      expect(Object.keys(await look({together: 3}, values))).toEqual([
        'E-1001',
        'E-1002',
        'E-1003',
        'E-1004',
        'E-1005',
        'E-1006',
      ])
    })

    test('signs in as DOMAIN\\name too', async () => {
      const account = {username: 'CONTOSO\\svc-mfa', password: new Secret(READER.password)}
      expect(await look({account, attribute: 'sAMAccountName'}, ['ann'])).toEqual({ann: [sid('Ann')]})
    })

    test('goes on with another domain controller when one is away, and says so', async () => {
      const away = `ldaps://${nobody}:636`
      const {lookup, warnings} = await open({urls: [away, second.ldaps]})
      expect((await lookup.find(['E-1001'], signal)).size).toBe(1)
      await lookup.close()
      expect(warnings[0]).toBe(`${away}: the connection was refused; trying ${second.ldaps}`)
    })

    test.each(['ldaps', 'startTls'] as const)('goes on with another one when one dies (%s)', async (how) => {
      const mortal = await domain.start(three)
      const {lookup, warnings} = await open({urls: [mortal[how], second.ldaps]})
      expect((await lookup.find(['E-1001'], signal)).size).toBe(1)
      await mortal.stop()
      expect((await lookup.find(['E-1002'], signal)).get('E-1002')?.[0]?.sid).toBe(sid('Bob'))
      await lookup.close()
      expect(warnings.at(-1)).toContain(`trying ${second.ldaps}`)
    })

    test.each<[string, () => Partial<ActiveDirectoryOptions>, object]>([
      [
        'nobody answers',
        () => ({urls: [`ldaps://${nobody}:636`, `ldap://${nobody}:389`]}),
        {exit: 'unavailable', code: 'AD_UNREACHABLE', message: expect.stringContaining('389')},
      ],
      [
        'the certificate is not trusted',
        () => ({caFile: undefined}),
        {exit: 'usage', code: 'AD_CERTIFICATE', fix: expect.stringContaining('--ad-ca')},
      ],
      [
        'the certificate is not trusted after StartTLS',
        () => ({caFile: undefined, urls: [first.startTls]}),
        {exit: 'usage', code: 'AD_CERTIFICATE', fix: expect.stringContaining('--ad-ca')},
      ],
      [
        'StartTLS is asked where TLS speaks already',
        () => ({urls: [first.startTls.replace('389', '636')]}),
        {message: expect.stringMatching(/broke off|hung up|no StartTLS/)},
      ],
      [
        'the password is wrong',
        () => ({account: {username: READER.username, password: new Secret('wrong')}}),
        {exit: 'auth', code: 'AD_SIGN_IN', fix: expect.stringContaining('MFA_AD_PASSWORD')},
      ],
      [
        'nobody may read without signing in',
        () => ({account: undefined}),
        {exit: 'auth', code: 'AD_ACCESS', fix: expect.stringContaining('MFA_AD_USERNAME')},
      ],
      [
        'the base is of another directory',
        () => ({base: 'DC=fabrikam,DC=com'}),
        {exit: 'usage', message: expect.stringContaining('--ad-base'), fix: expect.stringContaining(BASE)},
      ],
      [
        'the base is not there',
        () => ({base: `OU=Nowhere,${BASE}`}),
        {exit: 'usage', message: expect.stringContaining('not in this directory')},
      ],
      [
        'the base is no name',
        () => ({base: 'corp.example.com'}),
        {exit: 'usage', message: expect.stringContaining('not a distinguished name')},
      ],
      [
        'the attribute is unknown',
        () => ({attribute: 'employeeNumer'}),
        {exit: 'usage', message: expect.stringContaining('no such attribute')},
      ],
      [
        'the attribute is no text',
        () => ({attribute: 'objectSid'}),
        {exit: 'usage', message: expect.stringContaining('no text')},
      ],
      [
        'the global catalog has no such attribute',
        () => ({urls: [first.ldaps.replace('636', '3269')]}),
        {exit: 'usage', message: expect.stringContaining('global catalog')},
      ],
      [
        'the file of the CA is none',
        () => ({caFile: join(import.meta.dirname, 'active-directory.test.ts')}),
        {exit: 'usage', message: expect.stringContaining('--ad-ca')},
      ],
    ])('stops when %s', async (_, options, error) => {
      const failed = open(options())
      await expect(failed).rejects.toMatchObject(error)
      await expect(failed).rejects.not.toMatchObject({message: expect.stringContaining(READER.password)})
    })
  })

  describe('the command line', () => {
    const GROUP = 'Pilot'
    const user = (name: string, of?: string) => ({
      id: `00000000-0000-4000-8000-0000000000${(10 + names.indexOf(name)).toString()}`,
      userPrincipalName: `${name}@example.com`,
      displayName: name,
      ...(of === undefined ? {} : {onPremisesSecurityIdentifier: sid(of), onPremisesSyncEnabled: true}),
    })
    const names = ['ann', 'bob', 'cat', 'dan', 'nobody', 'odd', 'uml']

    beforeAll(async () => {
      const users = [
        user('ann', 'Ann'),
        user('bob'),
        user('cat', 'Cat'),
        user('dan'),
        user('nobody'),
        user('odd', 'Odd'),
        user('uml', 'Uml'),
      ]
      const tenant = {
        tenantId: 'c0de0000-0000-4000-8000-0000000000ad',
        displayName: 'Directory (invented)',
        domains: ['example.com'],
        users,
        groups: [
          {
            id: '00000000-0000-4000-8000-0000000000aa',
            displayName: GROUP,
            members: users.map(({userPrincipalName}) => userPrincipalName),
          },
        ],
      }
      await place.file('tenant.json', JSON.stringify(tenant))
      const rows = [
        'E-1001,voiceCall,,1,4255550101',
        'E-1003,voiceCall,,1,4255550103',
        'E-9999,voiceCall,,1,4255550109',
        `OLD\\dan,voiceCall,${sid('Dan')},1,4255550104`,
        'contoso\\UML,voiceCall,,1,4255550106',
        'FABRIKAM\\odd,voiceCall,,1,4255550107',
      ]
      await place.file(
        'export/users.csv',
        `Username,Mode,Sid,CountryCode,Phone\n${rows.join('\n').replaceAll('\\\\', '\\')}\n`,
      )
      const reset = await place.mfa(['sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes'])
      expect(reset.code, reset.stderr).toBe(0)
    })

    const where = ['--tenant', 'sandbox', '--source', 'export', '--group', GROUP]
    async function matches(attribute: string): Promise<Readonly<Record<string, string | undefined>>> {
      const result = await place.mfa([
        'migrate',
        ...where,
        '--ad-attribute',
        attribute,
        '--dry-run',
        '--json',
      ])
      expect(result.code, result.stderr).toBe(0)
      const {users} = result.json() as {
        users: {userPrincipalName: string; source: string | null; findings: {code: string}[]}[]
      }
      return Object.fromEntries(
        users.map((each) => [
          each.userPrincipalName.split('@')[0],
          each.source ?? each.findings.map(({code}) => code).join(),
        ]),
      )
    }

    test('server users without a SID are found by the attribute; a second account is not guessed', async () => {
      expect(await matches('employeeID')).toEqual({
        ann: 'E-1001',
        bob: 'ad-not-found',
        cat: 'ad-ambiguous',
        dan: 'ad-not-found',
        nobody: 'ad-not-found',
        odd: 'no-server-user',
        uml: 'no-server-user',
      })
    })

    test('DOMAIN\\name counts in its own domain only', async () => {
      expect(await matches('sAMAccountName')).toMatchObject({uml: 'contoso\\UML', odd: 'no-server-user'})
    })

    test('members without a SID in Entra are found by their name in the attribute', async () => {
      expect(await matches('mail')).toMatchObject({
        dan: 'OLD\\dan',
        bob: 'ad-sid-unknown',
        nobody: 'ad-not-found',
      })
    })

    test('says whom Active Directory does not know', async () => {
      const result = await place.mfa(['verify', ...where, '--ad-attribute', 'employeeID', '--json'])
      expect(result.code).toBe(2)
      const {warnings} = result.json() as {warnings: string[]}
      expect(warnings.join('\n')).toMatch(/no user account whose employeeID .*"E-9999"/)
      expect(warnings.join('\n')).not.toContain('E-1001')
    })

    test('users list and mapping export match the same way', async () => {
      const listed = await place.mfa(['users', 'list', ...where, '--ad-attribute', 'employeeID', '--json'])
      expect(listed.code, listed.stderr).toBe(0)
      expect(listed.stdout).toContain('E-1001')
      expect(listed.json()['warnings']).toEqual([
        expect.stringContaining('no index on employeeID'),
        expect.stringContaining('"E-9999"'),
        expect.stringContaining('several user accounts'),
      ])
      const exported = await place.mfa([
        'mapping',
        'export',
        ...where,
        '--ad-attribute',
        'employeeID',
        '--out',
        'map.csv',
      ])
      expect(exported.code, exported.stderr).toBe(0)
      const map = await place.read('map.csv')
      expect(map).toContain('cat@example.com,,ad-ambiguous')
      expect(map).not.toContain('ann@')
    })

    test('a plan names the attribute, and is applied with Active Directory or not at all', async () => {
      const ad = ['--ad-attribute', 'employeeID']
      const planned = await place.mfa(['migrate', ...where, ...ad, '--dry-run', '--out', 'plan.json'])
      expect(planned.code, planned.stderr).toBe(0)
      const apply = ['migrate', '--plan', 'plan.json', '--tenant', 'sandbox', '--source', 'export', '--yes']
      const without = await place.mfa([...apply], {env: {MFA_AD_URL: ''}})
      expect(without).toMatchObject({code: 64, stderr: expect.stringContaining('--ad-attribute employeeID')})
      const applied = await place.mfa([...apply, ...ad, '--json'])
      expect(applied.code, applied.stdout).toBe(0)
      expect(applied.json()).toMatchObject({summary: {migrated: 1}})
    })

    test.each<[string, number, Readonly<Record<string, string | undefined>>, readonly string[], RegExp]>([
      ['no domain controller answers', 6, {MFA_AD_URL: `ldaps://${nobody}`}, [], /refused/],
      ['the password is wrong', 4, {MFA_AD_PASSWORD: 'wrong'}, [], /MFA_AD_PASSWORD/],
      ['the password is empty', 64, {MFA_AD_PASSWORD: ''}, [], /MFA_AD_PASSWORD is empty/],
      ['there is no password and no terminal', 64, {MFA_AD_PASSWORD: undefined}, [], /MFA_AD_PASSWORD/],
      ['there is no account', 64, {MFA_AD_USERNAME: undefined}, [], /--ad-anonymous/],
      ['an account is given for no sign-in', 64, {}, ['--ad-anonymous'], /both given/],
      ['the CA is not known', 64, {MFA_AD_CA: undefined}, [], /--ad-ca FILE/],
      [
        'the CA is not known, though Node is told not to mind',
        64,
        {MFA_AD_CA: undefined, NODE_TLS_REJECT_UNAUTHORIZED: '0'},
        [],
        /--ad-ca FILE/,
      ],
      [
        'the base is wrong',
        64,
        {},
        ['--ad-base', 'DC=fabrikam,DC=com'],
        /not in this directory|another directory/,
      ],
      ['the address is not LDAP', 64, {}, ['--ad-url', 'https://dc1.example.com'], /--ad-url.*ldaps/s],
      ['a password is in the address', 64, {}, ['--ad-url', 'ldaps://a:s3cret@dc1'], /--ad-url/],
      ['there is an attribute but no address', 64, {MFA_AD_URL: undefined}, ['--ad-base', BASE], /--ad-url/],
    ])('stops before anything is written when %s', async (_, code, env, flags, text) => {
      const result = await place.mfa(['migrate', ...where, '--all', '--yes', ...flags], {env})
      expect(result).toMatchObject({code, stdout: '', stderr: expect.stringMatching(text)})
      expect(result.stderr).not.toContain('s3cret')
    })

    test('the password is nowhere afterwards', async () => {
      for (const {path, text} of await place.everything()) expect(text, path).not.toContain(READER.password)
    })
  })
})
