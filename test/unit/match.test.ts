import {describe, expect, test} from 'vitest'
import {foldCase} from '../../src/lib/model/fold-case.js'
import {memberMatchKeys, serverMatchKeys} from '../../src/lib/migration/match-keys.js'
import {matchMember} from '../../src/lib/migration/match.js'
import {unchangedPlan, unmatchedPlan} from '../../src/lib/migration/unplanned.js'
import type {SourceKey} from '../../src/lib/model/brand.js'
import type {LookedUpIdentity} from '../../src/lib/ports/directory-lookup.js'
import {entra, match, NO_OPTIONS, server} from './match-helpers.js'

const SID_A = 'S-1-5-21-1004336348-1177238915-682003330-1104'
const SID_B = 'S-1-5-21-1004336348-1177238915-682003330-2207'

const ann = entra({
  userPrincipalName: 'Ann.Example@contoso.com',
  onPremisesSecurityIdentifier: SID_A,
  onPremisesSamAccountName: 'annex',
  onPremisesDomainName: 'corp.contoso.com',
})
const cloudAnn = entra({userPrincipalName: 'ann.example@contoso.com'})

const matched = (source: string, how: string): object => ({kind: 'matched', source, rule: 'U2', how})
const none = (code: string, rule: string): object => ({
  kind: 'none',
  finding: {code, rule, item: 'user', detail: expect.any(String)},
})

describe('U2: names that match', () => {
  test.each([
    ['Username is the UPN, in another case', server('ANN.EXAMPLE@CONTOSO.COM'), 'upn'],
    ['UserPrincipalName', server('whatever', {userPrincipalName: 'ann.example@contoso.com'}), 'upn'],
    ['SID', server('other.name', {sid: SID_A.toLowerCase()}), 'sid'],
    ['first label of the domain as NetBIOS name', server('CORP\\AnnEx'), 'domain-name'],
    ['whole DNS name', server('corp.contoso.com\\annex'), 'domain-name'],
  ])('%s', (_, user, how) => {
    expect(match(ann, [user])).toEqual(matched(user.key, how))
  })

  test.each([
    ['another domain', server('FABRIKAM\\annex')],
    ['the second label', server('CONTOSO\\annex')],
    ['a name with a space in front', server(' annex')],
    ['a domain name with a space behind', server('CORP\\annex ')],
    ['a UPN with a space behind', server('ann.example@contoso.com ')],
    ['the local part alone', server('ann.example')],
    ['an empty name', server('')],
    ['a domain without a name', server('CORP\\')],
  ])('not: %s', (_, user) => {
    expect(match(ann, [user], {unique: true})).toEqual(none('no-server-user', 'U3'))
  })

  test('a name with inner spaces matches as it is', () => {
    const van = entra({userPrincipalName: 'v@contoso.com', onPremisesSamAccountName: 'van der Example'})
    expect(match(van, [server('van der example')], {unique: true})).toEqual(
      matched('van der example', 'plain-name'),
    )
    expect(match(van, [server('van  der example')], {unique: true})).toEqual(none('no-server-user', 'U3'))
  })

  test('a guest matches by its whole #EXT# name', () => {
    const guest = entra({userPrincipalName: 'gus_example.com#EXT#@contoso.onmicrosoft.com', isGuest: true})
    const name = 'Gus_Example.com#ext#@contoso.onmicrosoft.com'
    expect(match(guest, [server(name)])).toEqual(matched(name, 'upn'))
    expect(match(guest, [server('gus@example.com')])).toEqual(none('no-server-user', 'U3'))
  })
})

const named = (sam: string) => entra({userPrincipalName: 'x@contoso.com', onPremisesSamAccountName: sam})

describe('U2: letters', () => {
  test.each([
    ['MÜLLER', 'müller'],
    ['ΟΔΥΣΣΕΑΣ', 'οδυσσεασ'],
    ['Ann', 'aNN'],
  ])('%s is %s', (one, other) => {
    expect(match(named(one), [server(other)], {unique: true})).toEqual(matched(other, 'plain-name'))
  })

  test.each([
    ['Turkish İ is not i', 'İnci', 'inci'],
    ['Turkish ı is not i', 'ınci', 'inci'],
    ['Turkish ı is not I', 'ınci', 'INCI'],
    ['Kelvin sign is not k', 'kim', '\u212Aim'],
    ['composed is not decomposed', 'J\u00F6rg', 'Jo\u0308rg'],
    ['ß is not ss', 'groß', 'gross'],
  ])('%s', (_, one, other) => {
    expect(match(named(one), [server(other)], {unique: true})).toEqual(none('no-server-user', 'U3'))
    expect(foldCase(one)).not.toBe(foldCase(other))
  })
})

describe('U2: order and doubt', () => {
  test('the first step that hits decides', () => {
    const byUpn = server('ann.example@contoso.com')
    const bySid = server('annex-2', {sid: SID_A})
    const byName = server('CORP\\annex')
    expect(match(ann, [byName, bySid, byUpn])).toEqual(matched(byUpn.key, 'upn'))
    expect(match(ann, [byName, bySid])).toEqual(matched(bySid.key, 'sid'))
  })

  test('U3: several hits in one step are ambiguous, and all are listed', () => {
    const result = match(ann, [server('CORP\\annex'), server('corp.contoso.com\\annex')])
    expect(result).toEqual(none('ambiguous-match', 'U3'))
    expect(result).toMatchObject({
      finding: {detail: expect.stringContaining('"CORP\\annex", "corp.contoso.com\\annex"')},
    })
  })

  test('U3: a domain name and a plain name are the same step', () => {
    const both = [server('CORP\\annex'), server('annex')]
    expect(match(ann, both, {unique: true})).toEqual(none('ambiguous-match', 'U3'))
    expect(match(ann, both, {unique: false})).toEqual(matched('CORP\\annex', 'domain-name'))
  })

  test('one server user found in several ways is one', () => {
    const user = server('ann.example@contoso.com', {userPrincipalName: 'ann.example@contoso.com', sid: SID_A})
    expect(match(ann, [user, user])).toEqual(matched(user.key, 'upn'))
  })
})

describe('U2: SIDs that differ', () => {
  test.each([
    ['UPN, given to somebody else since', server('ann.example@contoso.com', {sid: SID_B})],
    ['domain name', server('CORP\\annex', {sid: SID_B})],
    ['unique plain name', server('annex', {sid: SID_B})],
  ])('%s', (_, user) => {
    const result = match(ann, [user], {unique: true})
    expect(result).toEqual(none('sid-mismatch', 'U2'))
    expect(result).toMatchObject({finding: {detail: expect.stringContaining(SID_B)}})
  })

  test('a later step may still find the right one', () => {
    const former = server('ann.example@contoso.com', {sid: SID_B})
    const right = server('annex-new', {sid: SID_A})
    expect(match(ann, [former, right])).toEqual(matched(right.key, 'sid'))
  })

  test('a plain name that several people have says nothing about SIDs', () => {
    expect(match(ann, [server('annex', {sid: SID_B})], {unique: false})).toEqual(none('no-server-user', 'U3'))
  })

  test('a SID on one side only does not stop a name', () => {
    expect(match(cloudAnn, [server('ann.example@contoso.com', {sid: SID_B})])).toEqual(
      matched('ann.example@contoso.com', 'upn'),
    )
  })

  test('an empty SID is no SID', () => {
    const blank = entra({userPrincipalName: 'ann.example@contoso.com', onPremisesSecurityIdentifier: ''})
    expect(match(blank, [server('b', {sid: ''})])).toEqual(none('no-server-user', 'U3'))
    expect(match(ann, [server('ann.example@contoso.com', {sid: ''})])).toMatchObject({kind: 'matched'})
  })
})

describe('U2: plain names and domains', () => {
  const plain = server('annex')

  test.each([
    ['unique in the tenant', {unique: true}, matched('annex', 'plain-name')],
    ['not unique', {unique: false}, none('domain-needed', 'U2')],
    ['not known', {}, none('domain-needed', 'U2')],
    [
      'default domain, DNS',
      {options: {netbios: {}, defaultDomain: 'corp.contoso.com'}},
      matched('annex', 'plain-name'),
    ],
    [
      'default domain, NetBIOS',
      {options: {netbios: {}, defaultDomain: 'CORP'}},
      matched('annex', 'plain-name'),
    ],
    [
      'default domain through the map',
      {options: {netbios: {HQ: 'corp.contoso.com'}, defaultDomain: 'hq'}},
      matched('annex', 'plain-name'),
    ],
    [
      'another default domain, also where unique',
      {options: {netbios: {}, defaultDomain: 'fabrikam.com'}, unique: true},
      none('no-server-user', 'U3'),
    ],
    [
      'the only domain of the map',
      {options: {netbios: {HQ: 'corp.contoso.com'}}},
      matched('annex', 'plain-name'),
    ],
    [
      'the only domain of the map is another one',
      {options: {netbios: {FAB: 'fabrikam.com'}}, unique: false},
      none('domain-needed', 'U2'),
    ],
    [
      'a map of two domains settles nothing',
      {options: {netbios: {HQ: 'corp.contoso.com', FAB: 'fabrikam.com'}}, unique: false},
      none('domain-needed', 'U2'),
    ],
  ])('%s', (_, how, expected) => {
    expect(match(ann, [plain], how)).toEqual(expected)
  })

  test('a NetBIOS name of the map means its domain and no other', () => {
    const options = {netbios: {CORP: 'corp.fabrikam.com', HQ: 'corp.contoso.com'}}
    expect(match(ann, [server('CORP\\annex')], {options})).toEqual(none('no-server-user', 'U3'))
    expect(match(ann, [server('HQ\\annex')], {options})).toEqual(matched('HQ\\annex', 'domain-name'))
  })
})

const follow = (servers: Parameters<typeof server>[0][], sid?: string) =>
  matchMember({
    member: ann,
    candidates: [server('ann.example@contoso.com')],
    mapped: {line: 7, username: 'legacy', servers: servers.map((name) => server(name, {sid}))},
    options: NO_OPTIONS,
    plainNameIsUnique: () => true,
  })

describe('U2 (5): a mapping line', () => {
  test('beats every other step', () => expect(follow(['legacy'])).toEqual(matched('legacy', 'mapping')))
  test('does not beat SIDs that differ, and names its line', () => {
    const result = follow(['legacy'], SID_B)
    expect(result).toEqual(none('sid-mismatch', 'U2'))
    expect(result).toMatchObject({finding: {detail: expect.stringContaining('line 7 of the mapping file')}})
  })
  test('of an unknown Username is not replaced by a guess', () =>
    expect(follow([])).toEqual(none('mapping-invalid', 'U2')))
  test('of a Username that two have is ambiguous', () =>
    expect(follow(['legacy', 'Legacy'])).toEqual(none('ambiguous-match', 'U3')))
})

test('U2 (4): a SID from Active Directory counts like one of the server, after the names', () => {
  const lookedUp: LookedUpIdentity = {...server('4711'), directorySid: SID_A}
  expect(match(ann, [lookedUp])).toEqual(matched('4711', 'active-directory'))
  expect(match(ann, [{...server('CORP\\annex'), directorySid: SID_B} as LookedUpIdentity])).toEqual(
    none('sid-mismatch', 'U2'),
  )
})

test('keys', () => {
  expect(
    serverMatchKeys(server('CORP\\Ann', {userPrincipalName: 'A@x.com', sid: 'S-1-5'}), NO_OPTIONS),
  ).toEqual(['upn:a@x.com', 'name:corp\\ann', 'sid:s-1-5'])
  expect(serverMatchKeys({...server('ann'), key: 'ann (line 4)' as SourceKey}, NO_OPTIONS)).toEqual([
    'plain:ann',
    'key:ann (line 4)',
  ])
  expect(memberMatchKeys(ann, NO_OPTIONS)).toEqual([
    'upn:ann.example@contoso.com',
    `sid:${SID_A.toLowerCase()}`,
    'name:corp.contoso.com\\annex',
    'name:corp\\annex',
    'plain:annex',
  ])
})

test('plans of users that are not planned', () => {
  const finding = {code: 'no-server-user', rule: 'U3', item: 'user', detail: 'nobody'} as const
  const common = {
    id: ann.id,
    userPrincipalName: ann.userPrincipalName,
    actions: [],
    alreadyThere: [],
    smsOrVoiceOnly: false,
  }
  expect(unmatchedPlan(ann, finding)).toEqual({...common, outcome: 'unmatched', findings: [finding]})
  expect(unchangedPlan(ann, 'ann' as SourceKey, 'f00d', false)).toEqual({
    ...common,
    source: 'ann',
    outcome: 'unchanged',
    findings: [],
    serverFingerprint: 'f00d',
  })
})
