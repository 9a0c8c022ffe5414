import {describe, expect, test} from 'vitest'
import type {ObjectId, SourceKey} from '../../src/lib/model/brand.js'
import {brief, entra, matchGroup, server} from './match-helpers.js'

const plainMember = (name: string, domain = 'contoso.com') =>
  entra({
    userPrincipalName: `${name}@contoso.com`,
    onPremisesSamAccountName: name,
    onPremisesDomainName: domain,
  })

describe('U3: a whole group', () => {
  test('members come in the order of lower-case names, then ids; nobody is left out', async () => {
    const members = ['b@contoso.com', 'A@contoso.com', 'a@contoso.com.example', 'C@contoso.com'].map((upn) =>
      entra({userPrincipalName: upn}),
    )
    const {results} = await matchGroup({members, servers: []})
    expect(results.map(({member}) => member.userPrincipalName)).toEqual([
      'A@contoso.com',
      'a@contoso.com.example',
      'b@contoso.com',
      'C@contoso.com',
    ])
    expect(results.every(({match}) => match.kind === 'none' && match.finding.rule === 'U3')).toBe(true)
  })

  test('two members for one server user: neither is matched, both are told of each other', async () => {
    const result = await matchGroup({
      members: [
        entra({userPrincipalName: 'ann@contoso.com'}),
        entra({userPrincipalName: 'ann.admin@contoso.com', onPremisesSecurityIdentifier: 'S-1-5-21-1'}),
        entra({userPrincipalName: 'bob@contoso.com'}),
      ],
      servers: [server('ann@contoso.com', {sid: 'S-1-5-21-1'}), server('bob@contoso.com')],
    })
    expect(brief(result)).toEqual({
      'ann.admin@contoso.com': 'ambiguous-match',
      'ann@contoso.com': 'ambiguous-match',
      'bob@contoso.com': 'bob@contoso.com by upn',
    })
    for (const {match} of result.results.slice(0, 2)) {
      expect(match).toMatchObject({
        finding: {rule: 'U3', detail: expect.stringContaining('ann.admin@contoso.com, ann@contoso.com')},
      })
    }
  })

  test('server users of nobody in the group are not mentioned', async () => {
    const result = await matchGroup({
      members: [entra({userPrincipalName: 'ann@contoso.com'})],
      servers: [server('ann@contoso.com'), server('zoe@contoso.com')],
    })
    expect(brief(result)).toEqual({'ann@contoso.com': 'ann@contoso.com by upn'})
    expect(JSON.stringify(result)).not.toContain('zoe')
  })
})

describe('U2 (3): uniqueness in the whole tenant', () => {
  test('is asked for many members at once, and only where a plain name decides', async () => {
    const names = Array.from({length: 1201}, (_, at) => `user${String(at).padStart(4, '0')}`)
    const {results, asked} = await matchGroup({
      members: [...names.map((name) => plainMember(name)), entra({userPrincipalName: 'upn@contoso.com'})],
      servers: [
        ...names.map((name) => server(name.toUpperCase())),
        server('upn', {userPrincipalName: 'upn@contoso.com'}),
      ],
    })
    expect(results.filter(({match}) => match.kind === 'matched')).toHaveLength(1202)
    expect(asked.length).toBeLessThanOrEqual(3)
    expect(asked.flat().toSorted()).toEqual(names)
  })

  test('is not asked where the UPN says it already', async () => {
    const {asked} = await matchGroup({
      members: [plainMember('ann')],
      servers: [server('ann', {userPrincipalName: 'ann@contoso.com'})],
    })
    expect(asked).toEqual([])
  })

  test('counts users outside the group', async () => {
    const others = [{...plainMember('ann', 'fabrikam.com'), id: 'elsewhere' as ObjectId}]
    const group = {members: [plainMember('ann')], servers: [server('ann')], others}
    expect(brief(await matchGroup(group))).toEqual({'ann@contoso.com': 'domain-needed'})
    const options = {netbios: {}, defaultDomain: 'CONTOSO'}
    expect(brief(await matchGroup({...group, options}))).toEqual({'ann@contoso.com': 'ann by plain-name'})
  })
})

describe('U2 (5): the mapping file', () => {
  const members = ['ann', 'bob', 'cy'].map((name) => plainMember(name))

  test('gives a server user to one member, and takes it from the others', async () => {
    const result = await matchGroup({
      members,
      servers: [server('CONTOSO\\ann'), server('CONTOSO\\bob')],
      mapping: [{userPrincipalName: 'ANN@contoso.com', username: 'contoso\\BOB', line: 2}],
    })
    expect(brief(result)).toEqual({
      'ann@contoso.com': 'CONTOSO\\bob by mapping',
      'bob@contoso.com': 'no-server-user',
      'cy@contoso.com': 'no-server-user',
    })
    expect(result.problems).toEqual([])
  })

  test('settles what was ambiguous', async () => {
    const servers = [server('CONTOSO\\ann'), server('contoso.com\\ann')]
    expect(brief(await matchGroup({members: members.slice(0, 1), servers}))).toEqual({
      'ann@contoso.com': 'ambiguous-match',
    })
    const mapping = [{userPrincipalName: 'ann@contoso.com', username: 'contoso.com\\ann', line: 2}]
    expect(brief(await matchGroup({members: members.slice(0, 1), servers, mapping}))).toEqual({
      'ann@contoso.com': 'contoso.com\\ann by mapping',
    })
  })

  test('can name one of two users with the same Username by its key', async () => {
    const servers = [3, 9].map((line) => server('ann', {key: `ann (line ${line})` as SourceKey}))
    const line = {userPrincipalName: 'ann@contoso.com', line: 2}
    const one = members.slice(0, 1)
    expect(
      brief(await matchGroup({members: one, servers, mapping: [{...line, username: 'ann (line 9)'}]})),
    ).toEqual({'ann@contoso.com': 'ann (line 9) by mapping'})
    const both = await matchGroup({members: one, servers, mapping: [{...line, username: 'ann'}]})
    expect(brief(both)).toEqual({'ann@contoso.com': 'ambiguous-match'})
    expect(both.problems).toEqual(['mapping file, line 2: "ann" is 2 users: "ann (line 3)", "ann (line 9)"'])
  })

  test('lines that cannot be followed are reported, in the order of the file', async () => {
    const result = await matchGroup({
      members,
      servers: [server('ann'), server('CONTOSO\\bob'), server('legacy')],
      mapping: [
        {userPrincipalName: 'nobody@contoso.com', username: 'legacy', line: 2},
        {userPrincipalName: 'ann@contoso.com', username: 'ann ', line: 3},
        {userPrincipalName: 'bob@contoso.com', username: 'CONTOSO\\bob', line: 4},
        {userPrincipalName: 'Bob@contoso.com', username: 'legacy', line: 5},
        {userPrincipalName: 'cy@contoso.com', username: '', line: 6},
      ],
    })
    expect(result.problems).toEqual([
      'mapping file, line 2: nobody in the group has the user principal name "nobody@contoso.com"',
      'mapping file, line 3: MFA Server has no user "ann "',
      'mapping file, line 5: "Bob@contoso.com" has line 4 already; keep one of them',
    ])
    expect(brief(result)).toEqual({
      'ann@contoso.com': 'mapping-invalid',
      'bob@contoso.com': 'ambiguous-match',
      'cy@contoso.com': 'no-server-user',
    })
  })

  test('two lines that give one server user to two members: nothing is matched', async () => {
    const result = await matchGroup({
      members: members.slice(0, 2),
      servers: [server('legacy')],
      mapping: [
        {userPrincipalName: 'ann@contoso.com', username: 'legacy', line: 2},
        {userPrincipalName: 'bob@contoso.com', username: 'legacy', line: 3},
      ],
    })
    expect(brief(result)).toEqual({
      'ann@contoso.com': 'ambiguous-match',
      'bob@contoso.com': 'ambiguous-match',
    })
  })
})
