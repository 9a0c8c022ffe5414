import {expect, it} from 'vitest'
import {isInPlace} from '../../src/lib/migration/in-place.js'
import type {ActionId} from '../../src/lib/model/brand.js'
import {inventoryOf, inventoryToken, JANE, methods} from '../fixtures/users.js'

it('an activation is in place only for the token that it names', () => {
  const action = {
    kind: 'activate-token',
    id: 'a' as ActionId,
    rule: 'O1',
    item: 'token:0',
    needs: [],
    serialNumber: 'T1',
    timeIntervalInSeconds: 30,
    hashFunction: 'hmacsha1',
    existed: true,
  } as const
  const shown = {
    methods: methods({
      hardwareOath: [
        {id: 'm1', deviceId: 'd1', serialNumber: 'T1', status: 'activated'},
        {id: 'm2', deviceId: 'd2', serialNumber: 'T1', status: 'assigned'},
      ],
    }),
    inventory: inventoryOf(
      inventoryToken('T1', {id: 'd1', assignedTo: JANE, status: 'activated'}),
      inventoryToken('T1', {id: 'd2', assignedTo: JANE, status: 'assigned'}),
    ),
  }
  expect(isInPlace({...action, deviceId: 'd1'}, JANE, shown)).toBe(true)
  expect(isInPlace({...action, deviceId: 'd2'}, JANE, shown)).toBe(false)
  expect(isInPlace(action, JANE, shown)).toBe(true)
})
