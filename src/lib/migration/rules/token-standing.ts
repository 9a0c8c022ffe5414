import type {ActionId, ObjectId} from '../../model/brand.js'
import type {EntraHardwareToken, InventoryToken} from '../../model/entra-user.js'
import type {Action, ItemRef, RuleId, TokenParameters, UpdateToken} from '../plan.js'
import {actionId, byText} from './draft.js'
import type {PlanUserInput} from './draft.js'

/** Where a serial number stands in the tenant, seen from one user. */
export type Standing =
  | {readonly at: 'nowhere'}
  /** Assigned to somebody else. */
  | {readonly at: 'elsewhere'}
  /** In the inventory, assigned to nobody. */
  | {readonly at: 'inventory'; readonly device: InventoryToken}
  | {
      readonly at: 'user'
      readonly activated: boolean
      readonly device?: InventoryToken | undefined
      readonly deviceId?: string | undefined
    }

/**
 * What the user's methods or the inventory say; the better of the two, since one may lag behind the other.
 * Several tokens can share a serial number: one of this user's counts first, then one of somebody else (so that nobody's
 * token is copied), then a free one.
 */
export function standingOf(serial: string, input: PlanUserInput): Standing {
  const entries = [...(input.inventory.get(serial) ?? [])].sort((a, b) => byText(a.id, b.id))
  const methods = input.methods.hardwareOath.filter((method) => isMethodOf(method, serial, entries))
  const ours = entries.filter(
    (entry) => entry.assignedTo === input.entra.id || methods.some((m) => m.deviceId === entry.id),
  )
  const device = ours.find((entry) => entry.status === 'activated') ?? ours[0]
  if (device !== undefined || methods.length > 0) {
    return {
      at: 'user',
      activated: device?.status === 'activated' || methods.some((method) => method.status === 'activated'),
      device,
      deviceId: device?.id ?? methods[0]?.deviceId,
    }
  }
  if (entries.some(isTaken)) return {at: 'elsewhere'}
  return entries[0] === undefined ? {at: 'nowhere'} : {at: 'inventory', device: entries[0]}
}

/** Also where Graph tells that a token is assigned, but not to whom. */
function isTaken({assignedTo, status}: InventoryToken): boolean {
  return assignedTo !== undefined || status === 'assigned' || status === 'activated'
}

function isMethodOf(method: EntraHardwareToken, serial: string, entries: readonly InventoryToken[]): boolean {
  if (method.serialNumber !== undefined) return method.serialNumber === serial
  return method.deviceId !== undefined && entries.some((entry) => entry.id === method.deviceId)
}

/**
 * The hardware tokens that Entra counts for this user already, those of `serials` included that only the inventory shows
 * (D1). The inventory itself may hold tokens of many users.
 */
export function hardwareTokensOf(
  {entra, methods, inventory}: PlanUserInput,
  serials: Iterable<string>,
): {readonly count: number; readonly activated: boolean} {
  const known = new Set(methods.hardwareOath.flatMap((method) => [method.deviceId, method.serialNumber]))
  const ours = [...serials]
    .flatMap((serial) => inventory.get(serial) ?? [])
    .filter((entry) => entry.assignedTo === entra.id)
  const unseen = ours.filter((entry) => !known.has(entry.id) && !known.has(entry.serialNumber))
  return {
    count: methods.hardwareOath.length + unseen.length,
    activated: [...ours, ...methods.hardwareOath].some(({status}) => status === 'activated'),
  }
}

/** What a token is to be, as far as the record knows. */
export interface WantedToken {
  readonly item: ItemRef
  readonly serialNumber: string
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly timeIntervalInSeconds?: 30 | 60 | undefined
  readonly hashFunction?: TokenParameters['hashFunction'] | undefined
}

/** What Graph demands and the record may lack. 30 s and SHA-1 are what RFC 6238 and Graph take by default. */
function complete(wanted: WantedToken, there: InventoryToken | undefined): TokenParameters {
  return {
    serialNumber: wanted.serialNumber,
    manufacturer: wanted.manufacturer ?? there?.manufacturer ?? 'Unknown', // O2
    model: wanted.model ?? there?.model ?? 'Unknown',
    timeIntervalInSeconds: wanted.timeIntervalInSeconds ?? (there?.timeIntervalInSeconds === 60 ? 60 : 30),
    hashFunction: wanted.hashFunction ?? there?.hashFunction ?? 'hmacsha1',
  }
}

/** O1: names of the details in which the record knows better than the inventory. */
export function differences(wanted: WantedToken, there: InventoryToken): readonly string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['maker', wanted.manufacturer, there.manufacturer],
    ['model', wanted.model, there.model],
    ['time step', wanted.timeIntervalInSeconds, there.timeIntervalInSeconds],
    ['hash function', wanted.hashFunction, there.hashFunction],
  ]
  return pairs.flatMap(([name, ours, theirs]) => (ours !== undefined && ours !== theirs ? [name] : []))
}

/**
 * The writes that make a token this user's, activated: create or update, assign, activate; what stands already is left out.
 * `found` names them where the token was there before, `made` where it is new.
 */
export function bring(
  wanted: WantedToken,
  standing: Exclude<Standing, {at: 'elsewhere'}>,
  user: ObjectId,
  rules: {readonly found: RuleId; readonly made: RuleId},
): {readonly actions: readonly Action[]; readonly activation: ActionId} {
  const device = standing.at === 'nowhere' ? undefined : standing.device
  // What is assigned can no longer be changed; its code must follow what the service has.
  const fixed = standing.at === 'user' && device !== undefined
  const parameters = complete(fixed ? {item: wanted.item, serialNumber: wanted.serialNumber} : wanted, device)
  const {serialNumber, timeIntervalInSeconds, hashFunction} = parameters
  const rule = standing.at === 'nowhere' ? rules.made : rules.found
  const actions: Action[] = []
  const base = (kind: Action['kind']) => ({
    id: actionId(user, kind, serialNumber),
    rule,
    item: wanted.item,
    needs: actions.slice(-1).map((action) => action.id),
  })
  if (standing.at === 'nowhere') actions.push({kind: 'create-token', ...base('create-token'), ...parameters})
  if (standing.at === 'inventory' && differences(wanted, standing.device).length > 0) {
    actions.push({
      kind: 'update-token',
      ...base('update-token'),
      ...parameters,
      deviceId: standing.device.id,
      previous: detailsOf(standing.device),
    })
  }
  if (standing.at !== 'user') {
    const which = standing.at === 'inventory' ? {deviceId: standing.device.id} : {}
    actions.push({kind: 'assign-token', ...base('assign-token'), serialNumber, ...which})
  }
  const activate = base('activate-token')
  const existed = standing.at !== 'nowhere'
  const deviceId = standing.at === 'user' ? standing.deviceId : device?.id
  actions.push({
    kind: 'activate-token',
    ...activate,
    serialNumber,
    ...(deviceId === undefined ? {} : {deviceId}),
    timeIntervalInSeconds,
    hashFunction,
    existed,
  })
  return {actions, activation: activate.id}
}

/** What undo writes back; undefined where the inventory has something that Graph does not take. */
function detailsOf(device: InventoryToken): UpdateToken['previous'] {
  const {manufacturer, model, hashFunction, timeIntervalInSeconds: seconds} = device
  if (seconds !== 30 && seconds !== 60) return undefined
  return {manufacturer, model, timeIntervalInSeconds: seconds, hashFunction}
}
