import {describe, expect, it} from 'vitest'
import type {UserPlan} from '../../src/lib/migration/plan.js'
import {type Asked, type Person, plansOf, world} from '../helpers/migration-world.js'

describe('U1, U3: --user', () => {
  const people: readonly Person[] = [
    {name: 'ann', server: {sid: 'S-1-5-21-1'}},
    {name: 'ann.admin', server: null, entra: {onPremisesSecurityIdentifier: 'S-1-5-21-1'}},
    {name: 'bob'},
  ]
  const found = async (users: readonly string[]) => {
    const asked: Asked = {request: {users}}
    return (await plansOf(world(people), asked)).map(({userPrincipalName, findings, source}: UserPlan) => [
      userPrincipalName,
      source ?? findings[0]?.code,
    ])
  }

  it('plans only who is asked for, by user principal name or object id', async () => {
    expect(await found(['BOB@contoso.com'])).toEqual([['bob@contoso.com', 'bob@contoso.com']])
    expect(await found(['id-bob', 'bob@contoso.com'])).toEqual([['bob@contoso.com', 'bob@contoso.com']])
  })

  it('sees another member who claims the same server user, though that one is not asked for', async () => {
    expect(await found(['ann@contoso.com'])).toEqual([['ann@contoso.com', 'ambiguous-match']])
  })

  it('names who is not in the group', async () => {
    await expect(found(['ann@contoso.com', 'Zoe@contoso.com', 'id-yan'])).rejects.toThrow(
      'not in group "MFA pilot": Zoe@contoso.com, id-yan',
    )
  })
})
