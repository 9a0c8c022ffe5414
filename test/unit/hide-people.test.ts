import {describe, expect, it} from 'vitest'

import {hidePeople} from '../../src/lib/model/hide-people.js'
import {nameless} from '../../src/lib/sync/nameless.js'
import {FakeUi} from '../fakes/ui.js'

describe('text without names', () => {
  it.each([
    ['Insufficient privileges for ada.sunrise@contoso.com.', 'Insufficient privileges for [user].'],
    ['GET /users/ada.sunrise%40contoso.com/methods: no', 'GET /users/[user]/methods: no'],
    ['SOAP fault: CORP\\bdaybreak is locked', 'SOAP fault: [user] is locked'],
    ['"Jürgen.Groß@contoso.com" has +49 170 5550123x4', '"[user]" has [number]'],
    ['the SID S-1-5-21-1111-2222-3333-10001 is unknown', 'the SID [user] is unknown'],
    ['ada_live.com#EXT#@contoso.onmicrosoft.com is a guest', '[user] is a guest'],
  ])('%s', (text, without) => {
    expect(hidePeople(text)).toBe(without)
  })

  it.each([
    'state postgres://mfa@db.contoso.com/mfa: it does not answer',
    'the bundle C:\\srv\\export and \\\\files\\export\\mfa cannot be read',
    'https://mfa1.contoso.com/PfWsSdk.asmx: no whole answer within 30 s',
    'expired at 2026-11-27T02:36:19Z; request 8d4105bf-6f4d-4533-a2e0-e9033676e114',
    'Group "MFA pilot" (00000001-0000-4000-8000-000000000001) has no users',
  ])('leaves alone: %s', (text) => {
    expect(hidePeople(text)).toBe(text)
  })
})

it('a nameless ui tells all the same, but who it is', async () => {
  const ui = new FakeUi([true])
  const told = nameless(ui)
  told.emit({
    type: 'warning',
    text: 'mapping file, line 3: MFA Server has no user "ghostly"',
    quotes: 'people',
  })
  told.emit({type: 'note', text: 'Group "Pilot": ada@contoso.com'})
  told.emit({type: 'phase', phase: 'planning'})
  expect(ui.warnings).toEqual(['mapping file, line 3: MFA Server has no user [user]'])
  expect(ui.notes).toEqual(['Group "Pilot": [user]'])
  expect(ui.events).toHaveLength(3)
  expect(await told.confirm('Sure?', '--yes')).toBe(true)
})
