import type {ObjectId} from '../../src/lib/model/brand.js'
import type {EntraMethods, EntraPhone, InventoryToken} from '../../src/lib/model/entra-user.js'
import type {Action, ItemRef, UserPlan} from '../../src/lib/migration/plan.js'
import type {PlanUserInput} from '../../src/lib/migration/plan-user.js'

/**
 * What planning will see after every action of the plan has succeeded: methods, inventory and memory as Graph and the
 * journal would give them. Refuses what Graph refuses: a second number in a slot, an alternate mobile number without a
 * mobile number, a token of somebody else, a change to an assigned token, a sixth device, an action before what it needs.
 */
export function applyToMethods(input: PlanUserInput, plan: UserPlan): PlanUserInput {
  const done = new Set<string>()
  return plan.actions.reduce((state, action) => {
    for (const need of action.needs) if (!done.has(need)) throw new Error(`${action.id} comes before ${need}`)
    done.add(action.id)
    return step(state, action)
  }, input)
}

function step(input: PlanUserInput, action: Action): PlanUserInput {
  const {methods} = input
  switch (action.kind) {
    case 'set-phone': {
      const {slot, number} = action
      const others = methods.phones.filter((phone) => phone.slot !== slot)
      const taken = others.length < methods.phones.length
      if (taken !== (action.change === 'replace')) throw new Error(`${slot} is ${taken ? 'taken' : 'empty'}`)
      if (slot === 'alternateMobile' && !others.some((phone) => phone.slot === 'mobile')) {
        throw new Error('alternateMobile without mobile')
      }
      const phone: EntraPhone = {id: slot, slot, number, createdDateTime: '2026-11-22T00:00:00Z'}
      const numbers = {...input.memory.numbers, [slot]: [...(input.memory.numbers[slot] ?? []), number]}
      return {...withMethods(input, {phones: [...others, phone]}), memory: {...input.memory, numbers}}
    }
    case 'create-token':
      return withToken(input, {...token(action), id: `made-${action.serialNumber}`, status: 'available'})
    case 'update-token': {
      const before = find(input, action.serialNumber, action.deviceId)
      if (before.assignedTo !== undefined) throw new Error(`${action.serialNumber} is assigned`)
      return withToken(input, {...before, ...token(action)})
    }
    case 'assign-token': {
      const before = find(input, action.serialNumber, action.deviceId)
      if (before.assignedTo !== undefined) throw new Error(`${action.serialNumber} is assigned`)
      const {authenticators, softwareOath, hardwareOath} = methods
      if (authenticators.length + softwareOath.length + hardwareOath.length >= 5)
        throw new Error('a sixth device')
      const {id: deviceId, serialNumber} = before
      const method = {id: `method-${deviceId}`, deviceId, serialNumber, status: 'assigned'} as const
      return withToken(withMethods(input, {hardwareOath: [...hardwareOath, method]}), {
        ...before,
        assignedTo: input.entra.id,
        status: 'assigned',
      })
    }
    case 'activate-token': {
      const before = find(input, action.serialNumber, undefined, input.entra.id)
      if (before.timeIntervalInSeconds !== action.timeIntervalInSeconds)
        throw new Error('code of another time step')
      const hardwareOath = methods.hardwareOath.map((method) =>
        method.serialNumber === action.serialNumber ? {...method, status: 'activated' as const} : method,
      )
      const secretHash = hashOf(input, action.item)
      const tokens = [...input.memory.tokens, {secretHash, serialNumber: action.serialNumber}]
      return withToken(
        {...withMethods(input, {hardwareOath}), memory: {...input.memory, tokens}},
        {...before, status: 'activated'},
      )
    }
    case 'set-default':
      return withMethods(input, {preferred: action.method})
    case 'disable-sms-sign-in':
    case 'unassign-token':
    case 'remove-phone':
    case 'clear-default':
    case 'deactivate-token':
    case 'delete-token':
      throw new Error(`${action.kind} is never planned for a user alone`)
  }
  return action satisfies never
}

function withMethods(input: PlanUserInput, change: Partial<EntraMethods>): PlanUserInput {
  return {...input, methods: {...input.methods, ...change}}
}

function withToken(input: PlanUserInput, token: InventoryToken): PlanUserInput {
  const rest = (input.inventory.get(token.serialNumber) ?? []).filter(({id}) => id !== token.id)
  return {...input, inventory: new Map(input.inventory).set(token.serialNumber, [...rest, token])}
}

function find(input: PlanUserInput, serial: string, id?: string, owner?: ObjectId): InventoryToken {
  const found = (input.inventory.get(serial) ?? []).find(
    (token) => (id === undefined || token.id === id) && token.assignedTo === owner,
  )
  if (found === undefined) throw new Error(`no token ${serial} to do this with`)
  return found
}

function token(action: Extract<Action, {kind: 'create-token' | 'update-token'}>) {
  const {serialNumber, manufacturer, model, timeIntervalInSeconds, hashFunction} = action
  return {serialNumber, manufacturer, model, timeIntervalInSeconds, hashFunction}
}

function hashOf({server, hashKey}: PlanUserInput, item: ItemRef): string {
  const [kind, index] = item.split(':')
  const secret =
    kind === 'device' ? server.devices[Number(index)]?.oathSecret : server.oathTokens[Number(index)]?.secret
  if (secret === undefined) throw new Error(`${item} has no secret`)
  return secret.keyedHash(hashKey)
}
