import type {EntraMethods, InventoryToken} from '../model/entra-user.js'
import type {ObjectId} from '../model/brand.js'
import {sameNumber} from '../model/same-number.js'
import type {Action} from './plan.js'

/** What Graph shows now of one user and of the tokens concerned. */
export interface Shown {
  readonly methods: EntraMethods
  readonly inventory: ReadonlyMap<string, readonly InventoryToken[]>
}

/** Whether the tenant is as the action wanted it. Decides what became of a write whose answer was lost (R1, R4). */
export function isInPlace(action: Action, user: ObjectId, {methods, inventory}: Shown): boolean {
  switch (action.kind) {
    case 'set-phone': {
      const phone = methods.phones.find(({slot}) => slot === action.slot)
      return phone !== undefined && sameNumber(phone.number, action.number)
    }
    case 'create-token':
      return tokens(inventory, action.serialNumber).length > 0
    case 'update-token':
      return tokens(inventory, action.serialNumber).some(
        (token) =>
          token.id === action.deviceId &&
          token.manufacturer === action.manufacturer &&
          token.model === action.model &&
          token.timeIntervalInSeconds === action.timeIntervalInSeconds &&
          token.hashFunction === action.hashFunction,
      )
    case 'assign-token':
      return (
        tokens(inventory, action.serialNumber).some((token) => token.assignedTo === user) ||
        held(methods, action)
      )
    case 'activate-token': {
      const {serialNumber, deviceId} = action
      const isMeant = (id: string | undefined): boolean =>
        deviceId === undefined || id === undefined || id === deviceId
      return (
        methods.hardwareOath.some(
          (t) => t.serialNumber === serialNumber && isMeant(t.deviceId) && t.status === 'activated',
        ) ||
        tokens(inventory, serialNumber).some(
          (t) => t.assignedTo === user && isMeant(t.id) && t.status === 'activated',
        )
      )
    }
    case 'set-default':
      return methods.preferred === action.method
    case 'disable-sms-sign-in':
      return methods.phones.every((phone) => phone.id !== action.methodId || phone.smsSignInState !== 'ready')
    case 'unassign-token':
      return !held(methods, action)
    case 'deactivate-token':
      return methods.hardwareOath.every(({id, status}) => id !== action.methodId || status !== 'activated')
    case 'remove-phone':
      return methods.phones.every(({slot}) => slot !== action.slot)
    case 'clear-default':
      return methods.preferred === undefined
    case 'delete-token':
      return tokens(inventory, action.serialNumber).every(({id}) => id !== action.deviceId)
    default:
      return action satisfies never
  }
}

const tokens = (inventory: Shown['inventory'], serial: string): readonly InventoryToken[] =>
  inventory.get(serial) ?? []

const held = (methods: EntraMethods, action: {readonly serialNumber: string}): boolean =>
  methods.hardwareOath.some(({serialNumber}) => serialNumber === action.serialNumber)

/** Serial numbers that `isInPlace` wants to find in the inventory. */
export function serialsIn(actions: readonly Action[]): readonly string[] {
  return [...new Set(actions.flatMap((action) => ('serialNumber' in action ? [action.serialNumber] : [])))]
}
