import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {Match} from '../../../src/lib/migration/match.js'
import type {MatchOptions} from '../../../src/lib/migration/plan.js'
import type {MappingRow} from '../../../src/lib/migration/request.js'
import type {EntraIdentity} from '../../../src/lib/model/entra-user.js'
import type {ServerIdentity} from '../../../src/lib/model/server-user.js'
import {entra, matchGroup, server} from '../../unit/match-helpers.js'

interface GoldenCase {
  readonly name: string
  readonly member: Partial<EntraIdentity> & {readonly userPrincipalName: string}
  readonly others?: readonly (Partial<EntraIdentity> & {readonly userPrincipalName: string})[]
  readonly servers: readonly (Partial<ServerIdentity> & {readonly username: string})[]
  readonly options?: MatchOptions
  readonly mapping?: readonly MappingRow[]
  readonly expected: Match
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, 'cases.json'), 'utf8')) as GoldenCase[]

test.each(cases)('$name', async ({member, others = [], servers, options, mapping, expected}) => {
  const {results} = await matchGroup({
    members: [entra(member)],
    others: others.map((each) => entra(each)),
    servers: servers.map((each) => server(each.username, each)),
    ...(options && {options}),
    ...(mapping && {mapping}),
  })
  expect(results).toEqual([{member: entra(member), match: expected}])
})
