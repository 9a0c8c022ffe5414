import {writeFile, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {Secret} from '../../src/lib/model/secret.js'
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

const CHILD = {dns: 'child.corp.example.com', base: `DC=child,${BASE}`, netbios: 'KIDS'}
const account = (cn: string, base: string, ...fields: readonly string[]): string =>
  [`dn: CN=${cn},CN=Users,${base}`, 'objectClass: user', 'userAccountControl: 514', ...fields].join('\n')
const CROWD = 30
const crowd = Array.from({length: CROWD}, (_, at) => `user${at + 100}`)

describe.skipIf(why !== undefined)('two domains of one forest', () => {
  const [one, two] = [loopback(21), loopback(22)]
  const signal = new AbortController().signal
  let parent: Domain
  let child: Domain
  let first: Controller
  let second: Controller
  let place: Place
  let ca: string

  beforeAll(async () => {
    parent = await newDomain(
      [
        ...crowd.map((name) =>
          account(name, BASE, `sAMAccountName: ${name}`, 'employeeID: E-1', `mail: ${name}@example.com`),
        ),
        account('Ann', BASE, 'sAMAccountName: ann', 'mail: ann@example.com'),
        [
          `dn: CN=KIDS,CN=Partitions,CN=Configuration,${BASE}`,
          'objectClass: crossRef',
          `nCName: ${CHILD.base}`,
          `dnsRoot: ${two}`,
          `nETBIOSName: ${CHILD.netbios}`,
          'systemFlags: 3',
        ].join('\n'),
      ].join('\n\n') + '\n',
      [one],
    )
    child = await newDomain(
      [
        account('Cat', CHILD.base, 'sAMAccountName: cat', 'mail: cat@example.com'),
        account('Ann', CHILD.base, 'sAMAccountName: ann', 'mail: other.ann@example.com'),
      ].join('\n\n') + '\n',
      [two],
      CHILD,
    )
    first = await parent.start(one)
    second = await child.start(two)
    ca = join(parent.folder, 'both.crt')
    await writeFile(ca, `${await readFile(parent.ca, 'utf8')}${await readFile(child.ca, 'utf8')}`)
    place = await newPlace({
      MFA_AD_URL: first.ldaps,
      MFA_AD_CA: ca,
      MFA_AD_USERNAME: READER.username,
      MFA_AD_PASSWORD: READER.password,
    })
  }, 180_000)
  afterAll(async () => {
    await place?.remove()
    await parent?.remove()
    await child?.remove()
  })

  async function look(values: readonly string[], options: Partial<ActiveDirectoryOptions> = {}) {
    const warnings: string[] = []
    const lookup = await openActiveDirectory(
      {
        urls: [first.ldaps],
        attribute: 'mail',
        account: {username: READER.username, password: new Secret(READER.password)},
        caFile: ca,
        clock: {...systemClock, sleep: () => Promise.resolve()},
        warn: (text) => void warnings.push(text),
        ...options,
      },
      signal,
    )
    try {
      return {found: await lookup.find(values, signal), warnings, unasked: lookup.unasked()}
    } finally {
      await lookup.close()
    }
  }

  test.each([1, 7, CROWD, 999])('an answer in pages of %i is whole', async (pageSize) => {
    const {found} = await look(['E-1'], {attribute: 'employeeID', pageSize})
    const sids = found.get('E-1')?.map(({sid}) => sid) ?? []
    expect(sids).toHaveLength(CROWD)
    expect(new Set(sids)).toEqual(new Set(crowd.map((name) => parent.sids.get(name))))
    const names = crowd.map((name) => `${name}@example.com`)
    expect((await look(names, {pageSize})).found.size).toBe(CROWD)
  })

  test.each([
    ['LDAPS', () => first.ldaps],
    ['StartTLS', () => first.startTls],
  ])('follow over %s: users of the other domain are found, and whose domain they are in', async (_, url) => {
    const {found, unasked, warnings} = await look(['cat@example.com', 'ann@example.com'], {
      urls: [url()],
      referrals: 'follow',
    })
    expect(Object.fromEntries(found)).toEqual({
      'ann@example.com': [expect.objectContaining({sid: parent.sids.get('Ann')})],
      'cat@example.com': [
        {
          distinguishedName: `CN=Cat,CN=Users,${CHILD.base}`,
          sid: child.sids.get('Cat'),
          domains: [CHILD.dns, CHILD.netbios],
        },
      ],
    })
    expect({unasked, warnings}).toEqual({unasked: [], warnings: []})
  })

  test('a base in the other domain is refused, or followed', async () => {
    const base = `CN=Users,${CHILD.base}`
    await expect(look(['cat@example.com'], {base})).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining(CHILD.dns),
    })
    const {found} = await look(['cat@example.com'], {base, referrals: 'follow'})
    expect(found.get('cat@example.com')?.[0]?.sid).toBe(child.sids.get('Cat'))
  })

  test('a CA that is trusted for one domain only: the other gets no password and is told of', async () => {
    const {unasked, warnings} = await look(['cat@example.com'], {caFile: parent.ca, referrals: 'follow'})
    expect(unasked).toEqual([CHILD.dns])
    expect(warnings).toEqual([expect.stringMatching(/child\.corp\.example\.com.*not trusted/)])
  })

  describe('on the command line', () => {
    const members = ['ann', 'cat', 'nobody']

    beforeAll(async () => {
      const users = members.map((name, at) => ({
        id: `00000000-0000-4000-8000-0000000000${10 + at}`,
        userPrincipalName: `${name}@example.com`,
        displayName: name,
      }))
      await place.file(
        'tenant.json',
        JSON.stringify({
          tenantId: 'c0de0000-0000-4000-8000-0000000000af',
          displayName: 'Forest (invented)',
          domains: ['example.com'],
          users,
          groups: [
            {
              id: '00000000-0000-4000-8000-0000000000aa',
              displayName: 'Pilot',
              members: users.map(({userPrincipalName}) => userPrincipalName),
            },
          ],
        }),
      )
      const rows = [
        `CORP\\one,voiceCall,${parent.sids.get('Ann')},1,4255550101`,
        `KIDS\\two,voiceCall,${child.sids.get('Cat')},1,4255550102`,
        'three@example.com,voiceCall,,1,4255550103',
      ]
      await place.file('export/users.csv', `Username,Mode,Sid,CountryCode,Phone\n${rows.join('\n')}\n`)
      const reset = await place.mfa(['sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes'])
      expect(reset.code, reset.stderr).toBe(0)
    })

    async function migrate(env: Readonly<Record<string, string>>, ...flags: readonly string[]) {
      const result = await place.mfa(
        [
          'migrate',
          '--tenant',
          'sandbox',
          '--source',
          'export',
          '--group',
          'Pilot',
          '--ad-attribute',
          'mail',
          '--dry-run',
          '--json',
          ...flags,
        ],
        {env},
      )
      expect(result.code, result.stderr).toBe(0)
      const {users, warnings} = result.json() as {
        users: {userPrincipalName: string; source: string | null; findings: {code: string}[]}[]
        warnings: readonly string[]
      }
      const said = users.map(({userPrincipalName, source, findings}) => [
        userPrincipalName.split('@')[0],
        source ?? findings.map(({code}) => code).join(),
      ])
      return {users: Object.fromEntries(said) as unknown, warnings: warnings.join('\n')}
    }

    test('who may be in a domain that was not asked is not said to be nowhere', async () => {
      const {users, warnings} = await migrate({})
      expect(users).toEqual({ann: 'CORP\\one', cat: 'ad-not-asked', nobody: 'ad-not-asked'})
      expect(warnings).toContain(`Users of ${CHILD.dns} are not looked up`)
      expect(warnings).toContain(`"three@example.com", and ${CHILD.dns} was not asked`)
    })

    test('--ad-referrals follow asks all of the forest', async () => {
      const {users, warnings} = await migrate({}, '--ad-referrals', 'follow')
      expect(users).toEqual({ann: 'CORP\\one', cat: 'KIDS\\two', nobody: 'ad-not-found'})
      expect(warnings).not.toContain('not looked up')
    })

    test('a domain that is away is told of', async () => {
      await second.stop()
      const {users, warnings} = await migrate({MFA_AD_REFERRALS: 'follow'})
      expect(users).toEqual({ann: 'CORP\\one', cat: 'ad-not-asked', nobody: 'ad-not-asked'})
      expect(warnings).toMatch(/Users of child\.corp\.example\.com are not looked up: ldaps:.*refused/)
    })
  })
})
