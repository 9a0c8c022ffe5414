import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import {type AllowedMethods, EVERYBODY} from '../model/methods-policy.js'
import type {PolicyMethodKind, RegisteredMethod} from '../model/usable-methods.js'
import type {Directory} from '../ports/directory.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Campaign, Campaigns, PassPolicy, TemporaryPasses} from '../ports/sign-in-help.js'
import type {Ui} from '../ports/ui.js'
import {covers} from './campaign-plan.js'
import {judgeUser, READINESS_STATES, type ReadinessState, type Step, type UserReadiness} from './judge.js'

/** Users whose methods are asked for together. */
const CHUNK = 100

export interface ReadinessRequest {
  /** Undefined: everybody in the tenant. */
  readonly group: string | undefined
  /** The day that is asked about. */
  readonly on: Date
  /** ISO 8601 date on which SMS and voice end in this cloud; undefined where none is announced. */
  readonly phonesEnd: string | undefined
}

export interface ReadinessDeps {
  readonly directory: Pick<Directory, 'findGroup' | 'members' | 'everyone' | 'methods'>
  readonly campaigns: Pick<Campaigns, 'read'>
  readonly passes: Pick<TemporaryPasses, 'policy'>
  /** What the policy allows to each user. */
  readonly allowed: (signal: AbortSignal) => Promise<(user: ObjectId) => AllowedMethods>
  readonly scratch: Scratch
  readonly ui: Ui
}

export interface Readiness {
  readonly group: {readonly id: string; readonly displayName: string} | undefined
  readonly on: string
  readonly phonesEnd: string | undefined
  /** Enabled members that are no guests: those that are judged. */
  readonly users: number
  readonly disabled: number
  readonly guests: number
  readonly counts: Readonly<Record<ReadinessState, number>>
  /** Users who can answer with it, whatever else they have. */
  readonly by: Readonly<Partial<Record<RegisteredMethod['kind'], number>>>
  /** Users whom enabling it in the policy would help. */
  readonly toEnable: Readonly<Partial<Record<PolicyMethodKind, number>>>
  readonly steps: Readonly<Partial<Record<Step, number>>>
  /** Those who are not ready first, worst first; then by name. */
  readonly judged: Bag<UserReadiness>
  readonly passPolicy: PassPolicy
  readonly campaign: Campaign | undefined
  /** Whether the campaign asks all of these users to register. */
  readonly isCampaignOn: boolean
}

/** Who can sign in after the cut-over, and by what. Reads only; memory flat in the number of users. Throws what its ports throw. */
export async function readiness(
  request: ReadinessRequest,
  deps: ReadinessDeps,
  signal: AbortSignal,
): Promise<Readiness> {
  const {directory, scratch, ui} = deps
  const group = request.group === undefined ? undefined : await directory.findGroup(request.group, signal)
  const [passPolicy, campaign] = [await deps.passes.policy(signal), await deps.campaigns.read(signal)]
  const allowed = await deps.allowed(signal)
  const phonesEnded =
    request.phonesEnd !== undefined && request.on.getTime() >= Date.parse(`${request.phonesEnd}T00:00:00Z`)
  const tally = new Tally(scratch.bag<UserReadiness>('readiness'))
  const pages = group === undefined ? directory.everyone(signal) : directory.members(group.id, signal)
  let done = 0
  for await (const page of pages) {
    for (let at = 0; at < page.length; at += CHUNK) {
      const chunk = page.slice(at, at + CHUNK)
      const users = tally.judgeable(chunk)
      const methods = await directory.methods(
        users.map(({id}) => id),
        signal,
      )
      for (const user of users)
        tally.add(judgeUser({user, methods: methods.get(user.id), allowed: allowed(user.id), phonesEnded}))
      done += chunk.length
      ui.emit({type: 'progress', phase: 'reading methods', done})
    }
  }
  ui.emit({type: 'phase-end', phase: 'reading methods'})
  return {
    group: group === undefined ? undefined : {id: group.id, displayName: group.displayName},
    on: request.on.toISOString().slice(0, 10),
    phonesEnd: request.phonesEnd,
    ...tally.result(),
    passPolicy,
    campaign,
    isCampaignOn: campaign !== undefined && covers(campaign, group?.id ?? EVERYBODY),
  }
}

class Tally {
  readonly #judged: Bag<UserReadiness>
  #users = 0
  #disabled = 0
  #guests = 0
  readonly #counts: Record<ReadinessState, number> = {
    'locked-out': 0,
    unknown: 0,
    legacy: 0,
    'sms-or-voice': 0,
    ready: 0,
  }
  readonly #by: Partial<Record<RegisteredMethod['kind'], number>> = {}
  readonly #toEnable: Partial<Record<PolicyMethodKind, number>> = {}
  readonly #steps: Partial<Record<Step, number>> = {}

  constructor(judged: Bag<UserReadiness>) {
    this.#judged = judged
  }

  /** Accounts that cannot sign in need no method; guests answer MFA at home. */
  judgeable(users: readonly EntraIdentity[]): readonly EntraIdentity[] {
    return users.filter(({accountEnabled, isGuest}) => {
      if (!accountEnabled) this.#disabled += 1
      else if (isGuest) this.#guests += 1
      return accountEnabled && !isGuest
    })
  }

  add(user: UserReadiness): void {
    this.#users += 1
    this.#counts[user.state] += 1
    for (const kind of user.by) this.#by[kind] = (this.#by[kind] ?? 0) + 1
    for (const kind of user.forbidden) this.#toEnable[kind] = (this.#toEnable[kind] ?? 0) + 1
    for (const step of user.steps) this.#steps[step] = (this.#steps[step] ?? 0) + 1
    const rank = READINESS_STATES.indexOf(user.state)
    this.#judged.add(`${rank} ${user.userPrincipalName.toLowerCase()}`, user)
  }

  result() {
    return {
      users: this.#users,
      disabled: this.#disabled,
      guests: this.#guests,
      counts: this.#counts,
      by: this.#by,
      toEnable: this.#toEnable,
      steps: this.#steps,
      judged: this.#judged,
    }
  }
}
