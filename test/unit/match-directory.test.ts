import {describe, expect, test} from 'vitest'

import {withDirectorySids, type DirectoryAnswer} from '../../src/lib/migration/directory-sids.js'
import type {ServerIdentity} from '../../src/lib/model/server-user.js'
import type {DirectoryAccount, DirectoryLookup} from '../../src/lib/ports/directory-lookup.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {brief, entra, type GroupCase, matchGroup, NO_OPTIONS, server} from './match-helpers.js'

const SID = (rid: number) => `S-1-5-21-1-2-3-${rid}`
const account = (rid: number, domain = 'corp.example.com'): DirectoryAccount => ({
  distinguishedName: `CN=${rid}`,
  sid: SID(rid),
  domains: [domain, domain === 'corp.example.com' ? 'CONTOSO' : 'OTHER'],
})

/** Keeps what it was asked. */
class FakeDirectory implements DirectoryLookup {
  readonly attribute = 'employeeID'
  readonly asked: string[] = []
  parts: readonly string[] = []
  readonly #accounts: ReadonlyMap<string, readonly DirectoryAccount[]>

  constructor(accounts: Readonly<Record<string, readonly DirectoryAccount[]>>) {
    this.#accounts = new Map(Object.entries(accounts).map(([value, found]) => [value.toLowerCase(), found]))
  }

  async find(values: readonly string[]) {
    this.asked.push(...values)
    return new Map(
      values.flatMap((value) => {
        const found = this.#accounts.get(value.toLowerCase())
        return found === undefined ? [] : [[value, found] as const]
      }),
    )
  }

  unasked(): readonly string[] {
    return this.parts
  }

  async close() {}
}

/** As a command does it: the server's users first, then the group. */
async function both(lookup: FakeDirectory, group: GroupCase) {
  const answers = memoryScratch().bag<DirectoryAnswer>('answers')
  const {signal} = new AbortController()
  const options = group.options ?? NO_OPTIONS
  const servers = await withDirectorySids(group.servers, lookup, options, answers, signal)
  return matchGroup({...group, servers, lookup, answers})
}

const ann = entra({userPrincipalName: 'ann@example.com', onPremisesSecurityIdentifier: SID(1).toLowerCase()})
const cloud = entra({userPrincipalName: 'cloud@example.com'})

describe('U2 (4): server users without a SID', () => {
  test('are matched by the SID of the one account that has their name', async () => {
    const result = await both(new FakeDirectory({'e-1': [account(1)]}), {
      members: [ann],
      servers: [server('E-1')],
    })
    expect(brief(result)).toEqual({'ann@example.com': 'E-1 by active-directory'})
    expect(result.problems).toEqual([])
  })

  test('who have one are not asked about, and a SID of Active Directory stops a match by name', async () => {
    const lookup = new FakeDirectory({'ann@example.com': [account(2)]})
    const result = await both(lookup, {
      members: [ann],
      servers: [server('ann@example.com'), server('x', {sid: SID(9)})],
    })
    expect(brief(result)).toEqual({'ann@example.com': 'sid-mismatch'})
    expect(lookup.asked).toEqual(['ann@example.com'])
  })

  test('several accounts for one name: nobody is matched, the members meant are told', async () => {
    const other = entra({userPrincipalName: 'z@example.com', onPremisesSecurityIdentifier: SID(3)})
    const result = await both(new FakeDirectory({'E-1': [account(1), account(2)]}), {
      members: [ann, other],
      servers: [server('E-1')],
    })
    expect(brief(result)).toEqual({'ann@example.com': 'ad-ambiguous', 'z@example.com': 'no-server-user'})
    expect(result.problems).toEqual([expect.stringContaining('several user accounts whose employeeID')])
  })

  test('one account that is found twice is one', async () => {
    const result = await both(new FakeDirectory({'CONTOSO\\e-1': [account(1)], 'e-1': [account(1)]}), {
      members: [ann],
      servers: [server('CONTOSO\\E-1')],
    })
    expect(brief(result)).toEqual({'ann@example.com': 'CONTOSO\\E-1 by active-directory'})
  })

  test.each([
    ['CONTOSO\\E-1', {}, true],
    ['corp.example.com\\E-1', {}, true],
    ['CORP\\E-1', {CORP: 'corp.example.com'}, true],
    ['FABRIKAM\\E-1', {}, false],
    ['CONTOSO\\E-1', {CONTOSO: 'fabrikam.com'}, false],
  ])('%s with --netbios %j: in the right domain %s', async (username, netbios, hit) => {
    const result = await both(new FakeDirectory({'e-1': [account(1)]}), {
      members: [ann],
      servers: [server(username)],
      options: {netbios},
    })
    expect(brief(result)['ann@example.com']).toBe(hit ? `${username} by active-directory` : 'no-server-user')
  })

  test('who are not found are named if nobody matches them, and the rest is counted', async () => {
    const names = Array.from({length: 7}, (_, at) => `none-${at}`)
    const result = await both(new FakeDirectory({out: [account(7)]}), {
      members: [ann, entra({userPrincipalName: 'left@example.com', onPremisesSecurityIdentifier: SID(8)})],
      servers: [server('ann@example.com'), server('out'), ...names.map((name) => server(name))],
    })
    expect(result.problems).toEqual([
      'Active Directory has no user account whose employeeID is the Username of 7 server users without a SID: "none-0", "none-1", "none-2", "none-3", "none-4" and 2 more; nobody in the group matches by another way either.',
    ])
    expect(result.notes).toEqual([expect.stringContaining('1 more user of MFA Server')])
  })

  test('may be in a part of the directory that was not asked, and that is said', async () => {
    const lookup = new FakeDirectory({})
    lookup.parts = ['child.example.com', 'DC=partner']
    const result = await both(lookup, {
      members: [entra({userPrincipalName: 'left@example.com', onPremisesSecurityIdentifier: SID(8)})],
      servers: [server('none')],
    })
    expect(result.problems).toEqual([
      expect.stringContaining('"none", and child.example.com, DC=partner were not asked; nobody'),
    ])
  })

  test('are only noted where every member of the group has a match', async () => {
    const result = await both(new FakeDirectory({}), {
      members: [ann],
      servers: [server('ann@example.com'), server('none')],
    })
    expect(result.problems).toEqual([])
    expect(result.notes).toEqual([expect.stringContaining('1 server user without a SID: "none"')])
  })
})

describe('U2 (4): members without a SID in Entra', () => {
  const withCloud = (found: readonly DirectoryAccount[], servers: readonly ServerIdentity[]) =>
    both(new FakeDirectory({'cloud@example.com': found}), {members: [cloud], servers})

  test('are found by their name in the attribute, and matched by that SID', async () => {
    const result = await withCloud([account(1)], [server('OLD\\cloud', {sid: SID(1)})])
    expect(brief(result)).toEqual({'cloud@example.com': 'OLD\\cloud by active-directory'})
    // The plan shows the member as Entra has it.
    expect(result.results[0]?.member.onPremisesSecurityIdentifier).toBeUndefined()
  })

  test.each<[string, readonly DirectoryAccount[], readonly ServerIdentity[], string]>([
    ['nobody has the name', [], [], 'ad-not-found'],
    ['several have the name', [account(1), account(2)], [server('x', {sid: SID(1)})], 'ad-ambiguous'],
    ['the SID is not on the server', [account(1)], [server('x', {sid: SID(2)})], 'ad-sid-unknown'],
    [
      'two server users have the SID',
      [account(1)],
      [server('x', {sid: SID(1)}), server('y', {sid: SID(1)})],
      'ambiguous-match',
    ],
  ])('%s', async (_, found, servers, code) => {
    expect(brief(await withCloud(found, servers))).toEqual({'cloud@example.com': code})
  })

  test('nobody has the name where it was asked: not said to be nowhere', async () => {
    const lookup = new FakeDirectory({})
    lookup.parts = ['child.example.com']
    const plain = entra({userPrincipalName: 'plain@example.com', onPremisesSamAccountName: 'plain'})
    const result = await both(lookup, {members: [cloud, plain], servers: [server('plain', {sid: SID(5)})]})
    // A name without a domain says more.
    expect(brief(result)).toMatchObject({'cloud@example.com': 'ad-not-asked'})
    expect(result.results[0]?.match).toMatchObject({
      finding: {detail: expect.stringContaining('child.example.com was not asked')},
    })
  })

  test('whoever matches already, or has a SID, is not asked about', async () => {
    const lookup = new FakeDirectory({})
    const result = await both(lookup, {
      members: [ann, cloud],
      servers: [server('cloud@example.com', {sid: SID(5)})],
    })
    expect(brief(result)).toEqual({
      'ann@example.com': 'no-server-user',
      'cloud@example.com': 'cloud@example.com by upn',
    })
    expect(lookup.asked).toEqual([])
  })

  test('two members for one server user stay apart', async () => {
    const twin = entra({userPrincipalName: 'twin@example.com'})
    const result = await both(
      new FakeDirectory({'cloud@example.com': [account(1)], 'twin@example.com': [account(1)]}),
      {members: [cloud, twin], servers: [server('x', {sid: SID(1)})]},
    )
    expect(brief(result)).toEqual({
      'cloud@example.com': 'ambiguous-match',
      'twin@example.com': 'ambiguous-match',
    })
  })
})
