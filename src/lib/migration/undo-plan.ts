import type {ActionId, ObjectId} from '../model/brand.js'
import {
  type DefaultMethod,
  type EntraMethods,
  type EntraPhone,
  PHONE_SLOTS,
  type PhoneSlot,
} from '../model/entra-user.js'
import {sameNumber} from '../model/same-number.js'
import type {ActionRecord} from '../ports/journal.js'
import type {Action, Finding, SetPhone} from './plan.js'
import type {Shown} from './in-place.js'
import {actionId} from './rules/draft.js'

export interface UndoInput {
  readonly user: ObjectId
  /** What Graph showed before the run's first change (R3). */
  readonly before: EntraMethods
  readonly now: Shown
  /** The run's writes to this user, oldest first; several attempts of one action are all there. */
  readonly writes: readonly ActionRecord[]
  /** What somebody else changed since is overwritten too. */
  readonly force: boolean
}

export interface UndoPlan {
  readonly actions: readonly Action[]
  readonly findings: readonly Finding[]
}

/**
 * R3: how one user is put back as the user was before a run: numbers, preference, and removal of what the run added
 * (tokens: unassigned, then deleted if the run created them). Pure. What is back already is left out, so that planning on
 * the result gives nothing. What somebody else changed since is a finding, unless `force`.
 */
export function planUndo(input: UndoInput): UndoPlan {
  const draft = new Draft(input)
  draft.phones()
  draft.tokens()
  return draft.finish()
}

const VOICE_SLOT: Readonly<Partial<Record<DefaultMethod, PhoneSlot>>> = {
  sms: 'mobile',
  voiceMobile: 'mobile',
  voiceAlternateMobile: 'alternateMobile',
  voiceOffice: 'office',
}

class Draft {
  readonly #input: UndoInput
  readonly #restore: Action[] = []
  readonly #remove: Action[] = []
  readonly #tokenSteps: Action[] = []
  readonly #findings: Finding[] = []

  constructor(input: UndoInput) {
    this.#input = input
  }

  phones(): void {
    for (const slot of PHONE_SLOTS) {
      const wrote = this.#last(
        (action): action is SetPhone => action.kind === 'set-phone' && action.slot === slot,
      )
      if (wrote !== undefined) this.#phone(slot, wrote)
    }
  }

  #phone(slot: PhoneSlot, wrote: SetPhone): void {
    const was = phoneOf(this.#input.before, slot)
    const is = phoneOf(this.#input.now.methods, slot)
    if (was === undefined ? is === undefined : is !== undefined && sameNumber(is.number, was.number)) return
    const isOurs = is !== undefined && sameNumber(is.number, wrote.number)
    if (!isOurs && !this.#input.force) {
      const now = is === undefined ? 'has no number there now' : `has ${is.number} there now`
      const then = was === undefined ? 'none before' : `${was.number} before`
      return this.#changed(
        wrote,
        `The ${slot} number was changed by somebody else since the run: the user ${now}, ${then}.`,
      )
    }
    if (was !== undefined) {
      const change = is === undefined ? 'create' : 'replace'
      this.#restore.push({
        ...this.#base(wrote, 'set-phone', slot),
        kind: 'set-phone',
        slot,
        number: was.number,
        change,
      })
    } else if (is !== undefined) {
      this.#remove.push({
        ...this.#base(wrote, 'remove-phone', slot),
        kind: 'remove-phone',
        slot,
        number: is.number,
      })
    }
  }

  tokens(): void {
    const serials = new Set(
      this.#ours().flatMap((action) => ('serialNumber' in action ? [action.serialNumber] : [])),
    )
    for (const serial of serials) this.#token(serial)
  }

  #token(serial: string): void {
    const {user, before, now} = this.#input
    const of = <K extends Action['kind']>(kind: K) =>
      this.#last(
        (action): action is Extract<Action, {kind: K}> =>
          action.kind === kind && 'serialNumber' in action && action.serialNumber === serial,
      )
    const [created, updated, assigned, activated] = [
      of('create-token'),
      of('update-token'),
      of('assign-token'),
      of('activate-token'),
    ]
    const any = created ?? updated ?? assigned ?? activated
    if (any === undefined) return
    const madeId = this.#made(created, 'deviceId') ?? updated?.deviceId ?? assigned?.deviceId
    const device = now.inventory.get(serial)?.find(({id}) => madeId === undefined || id === madeId)
    const held = now.methods.hardwareOath.find(
      (token) =>
        token.serialNumber === serial &&
        (madeId === undefined || token.deviceId === undefined || token.deviceId === madeId),
    )
    const holder = device?.assignedTo
    if (holder !== undefined && holder !== user) {
      return this.#changed(any, `Token ${serial} was given to somebody else since the run; it is left there.`)
    }
    const needs: ActionId[] = []
    const wasHeld = before.hardwareOath.find((token) => token.serialNumber === serial)
    if (assigned !== undefined && held !== undefined) {
      const step = {
        ...this.#base(assigned, 'unassign-token', serial),
        kind: 'unassign-token',
        serialNumber: serial,
        methodId: held.id,
      } as const
      this.#tokenSteps.push(step)
      needs.push(step.id)
    } else if (activated !== undefined && wasHeld?.status !== 'activated' && held?.status === 'activated') {
      const base = this.#base(activated, 'deactivate-token', serial)
      this.#tokenSteps.push({...base, kind: 'deactivate-token', serialNumber: serial, methodId: held.id})
    }
    if (device === undefined) return
    if (created !== undefined) {
      const base = this.#base(created, 'delete-token', serial)
      this.#tokenSteps.push({...base, kind: 'delete-token', serialNumber: serial, deviceId: device.id, needs})
    } else if (updated?.previous !== undefined && !isSame(device, updated.previous)) {
      const base = this.#base(updated, 'update-token', serial)
      this.#tokenSteps.push({
        ...base,
        ...updated.previous,
        kind: 'update-token',
        serialNumber: serial,
        deviceId: device.id,
        needs,
      })
    }
  }

  /** The preference goes back after the numbers are, and before anything is removed that it may stand on. */
  finish(): UndoPlan {
    const preference = this.#preference()
    const after = preference === undefined ? [] : [preference.id]
    const order: readonly PhoneSlot[] = ['alternateMobile', 'office', 'mobile']
    const removals = this.#remove
      .filter((action) => action.kind === 'remove-phone')
      .sort((one, other) => order.indexOf(one.slot) - order.indexOf(other.slot))
    const stays = this.#input.now.methods.phones.some(({slot}) => slot === 'alternateMobile')
    const kept: Action[] = []
    for (const removal of removals) {
      const alternate = kept.find(
        (action) => action.kind === 'remove-phone' && action.slot === 'alternateMobile',
      )
      if (removal.slot === 'mobile' && stays && alternate === undefined) {
        this.#cannot(
          removal,
          'The mobile number stays: Entra keeps it as long as there is an alternate mobile number, which the run did not add.',
        )
        continue
      }
      kept.push({
        ...removal,
        needs: [...after, ...(removal.slot === 'mobile' && alternate ? [alternate.id] : [])],
      })
    }
    const tokens = this.#tokenSteps.map((step) => ({...step, needs: [...after, ...step.needs]}))
    const actions = [...this.#restore, ...(preference === undefined ? [] : [preference]), ...tokens, ...kept]
    return {actions, findings: this.#findings}
  }

  #preference(): Action | undefined {
    const {before, now} = this.#input
    const was = before.preferred
    const is = now.methods.preferred
    if (is === was) return undefined
    const set = this.#last((action) => action.kind === 'set-default')
    const falls = this.#remove.some(
      (action) => action.kind === 'remove-phone' && is !== undefined && VOICE_SLOT[is] === action.slot,
    )
    if (set === undefined && !falls) return undefined
    if (set?.kind === 'set-default' && set.method !== is && !falls && !this.#input.force) {
      this.#changed(
        set,
        `The default method was changed by somebody else since the run: it is ${is ?? 'none'} now, ${was ?? 'none'} before.`,
      )
      return undefined
    }
    const like = set ?? this.#remove[0]
    if (like === undefined) return undefined
    if (was !== undefined) {
      return {
        ...this.#base(like, 'set-default', was),
        item: 'default',
        kind: 'set-default',
        method: was,
        previous: is,
      }
    }
    return is === undefined
      ? undefined
      : {...this.#base(like, 'clear-default', is), item: 'default', kind: 'clear-default', previous: is}
  }

  /** Actions that the run did, or may have done. One that found everything as it should be was somebody else's. */
  #ours(): readonly Action[] {
    return this.#input.writes
      .filter(
        ({outcome}) => outcome === undefined || outcome.status === 'done' || outcome.status === 'unknown',
      )
      .map(({intent}) => intent as unknown as Action)
  }

  #last<A extends Action>(is: (action: Action) => action is A): A | undefined
  #last(is: (action: Action) => boolean): Action | undefined
  #last(is: (action: Action) => boolean): Action | undefined {
    return this.#ours().findLast(is)
  }

  #made(action: Action | undefined, name: string): string | undefined {
    if (action === undefined) return undefined
    return this.#input.writes.findLast(({action: id, made}) => id === action.id && made?.[name] !== undefined)
      ?.made?.[name]
  }

  #base(like: Action, kind: Action['kind'], target: string) {
    return {id: actionId(this.#input.user, kind, target), rule: 'R3', item: like.item, needs: []} as const
  }

  #changed(like: Action, detail: string): void {
    const advice = this.#input.force ? '' : ' It is left as it is; --force puts it back all the same.'
    this.#findings.push({code: 'changed-since', rule: 'R3', item: like.item, detail: `${detail}${advice}`})
  }

  #cannot(like: Action, detail: string): void {
    this.#findings.push({code: 'cannot-undo', rule: 'R3', item: like.item, detail})
  }
}

const phoneOf = (methods: EntraMethods, slot: PhoneSlot): EntraPhone | undefined =>
  methods.phones.find((phone) => phone.slot === slot)

type Details = Readonly<Record<'manufacturer' | 'model' | 'hashFunction', string>> & {
  readonly timeIntervalInSeconds: number
}

const isSame = (one: Details, other: Details): boolean =>
  one.manufacturer === other.manufacturer &&
  one.model === other.model &&
  one.hashFunction === other.hashFunction &&
  one.timeIntervalInSeconds === other.timeIntervalInSeconds
