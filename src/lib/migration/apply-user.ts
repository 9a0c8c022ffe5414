import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {OathSecret} from '../model/secret.js'
import type {ServerUser} from '../model/server-user.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {Journal} from '../ports/journal.js'
import type {Made, MethodWriter} from '../ports/method-writer.js'
import type {Source} from '../ports/source.js'
import type {Shown} from './in-place.js'
import {serverFingerprint} from './fingerprint.js'
import type {Action, Finding, ItemRef, MigrationOptions, UserPlan} from './plan.js'
import {actionId} from './rules/draft.js'
import {readBack} from './read-back.js'
import {secretOf} from './secret-of.js'
import {remembered} from './unsettled.js'

/** A write whose answer was lost is sent again at most this often, each time after reading back. */
const RESENDS = 2

export interface ApplyDeps {
  readonly source: Source
  readonly directory: Directory
  readonly writer: MethodWriter
  readonly journal: Journal
  readonly clock: Clock
}

export interface ApplyContext {
  readonly run: RunId
  readonly hashKey: Uint8Array
  readonly options: MigrationOptions
  /** Milliseconds that Entra may take to show what was written (R4). */
  readonly consistencyMs: number
}

export interface ActionResult {
  readonly action: Action
  readonly outcome: Outcome
}

export interface Applied {
  readonly actions: readonly ActionResult[]
  /** What came up while writing; the plan's own findings are not repeated. */
  readonly findings: readonly Finding[]
  /** Everything is in place and was seen there (R4). */
  readonly proven: boolean
}

type Result = {readonly outcome: Outcome; readonly made?: Readonly<Record<string, string>> | undefined}

/**
 * Writes one user's plan: intent, request, outcome for each action (R1), then reads the user back (R4).
 * One action's failure leaves out only what needs it. Throws what concerns every user (R2), with the outcome on record.
 */
export async function applyUser(
  plan: UserPlan,
  before: EntraMethods,
  context: ApplyContext,
  deps: ApplyDeps,
  signal: AbortSignal,
): Promise<Applied> {
  const work = new UserWork(plan, before, context, deps, signal)
  return work.run()
}

class UserWork {
  readonly #plan: UserPlan
  readonly #before: EntraMethods
  readonly #context: ApplyContext
  readonly #deps: ApplyDeps
  readonly #signal: AbortSignal
  readonly #results: ActionResult[] = []
  readonly #findings: Finding[] = []
  readonly #deviceIds = new Map<string, string>()
  readonly #methodIds = new Map<string, string>()
  #server: ServerUser | undefined

  constructor(
    plan: UserPlan,
    before: EntraMethods,
    context: ApplyContext,
    deps: ApplyDeps,
    signal: AbortSignal,
  ) {
    this.#plan = plan
    this.#before = before
    this.#context = context
    this.#deps = deps
    this.#signal = signal
  }

  async run(): Promise<Applied> {
    const {journal, clock} = this.#deps
    if (!(await this.#sameRecord())) return {actions: this.#results, findings: this.#findings, proven: false}
    await journal.beforeImage(this.#context.run, this.#plan.id, this.#before, clock.now().toISOString())
    for (const action of this.#plan.actions) {
      this.#signal.throwIfAborted()
      if (this.#canStart(action)) await this.#perform(action)
    }
    const proven = await this.#prove()
    return {actions: this.#results, findings: this.#findings, proven}
  }

  /** Seeds are read from the source again; a record that changed since the plan was made is not written. */
  async #sameRecord(): Promise<boolean> {
    const {source} = this.#deps
    if (this.#plan.source === undefined || !this.#plan.actions.some((action) => 'serialNumber' in action))
      return true
    for await (const server of source.users(this.#signal, [this.#plan.source])) this.#server = server
    if (
      this.#server !== undefined &&
      serverFingerprint(this.#server, this.#context.hashKey) === this.#plan.serverFingerprint
    ) {
      return true
    }
    const detail =
      'The record on the server changed after the plan was made; nothing was written. Run the command again.'
    this.#findings.push({code: 'changed-since', rule: 'R6', item: 'user', detail})
    for (const action of this.#plan.actions) this.#skip(action, 'source-changed', detail)
    return false
  }

  #canStart(action: Action): boolean {
    const broken = action.needs.find((id) => {
      const done = this.#results.find((result) => result.action.id === id)
      return done !== undefined && !succeeded(done.outcome)
    })
    if (broken === undefined) return true
    this.#skip(action, 'needs-failed', 'what this needs could not be put in place')
    return false
  }

  #skip(action: Action, code: string, message: string): void {
    this.#results.push({action, outcome: {status: 'failed', code, message}})
  }

  async #perform(action: Action): Promise<void> {
    const {outcome} = await this.#recorded(action)
    this.#results.push({action, outcome})
    if (
      action.kind === 'activate-token' &&
      outcome.status === 'failed' &&
      outcome.code === 'activation-refused'
    ) {
      await this.#takeBack(action)
    }
  }

  async #recorded(action: Action): Promise<Result> {
    const {journal, clock} = this.#deps
    const {run} = this.#context
    await journal.intent({
      run,
      user: this.#plan.id,
      userPrincipalName: this.#plan.userPrincipalName,
      action: action.id,
      intent: {...action},
      intentAt: clock.now().toISOString(),
    })
    let result: Result
    try {
      result = await this.#settled(action)
    } catch (error) {
      await this.#record(action, {outcome: outcomeOf(error)})
      throw error
    }
    await this.#record(action, result)
    return result
  }

  async #record(action: Action, {outcome, made}: Result): Promise<void> {
    const at = this.#deps.clock.now().toISOString()
    const remember = succeeded(outcome) ? remembered(action, this.#server, this.#context.hashKey) : undefined
    await this.#deps.journal.outcome(
      this.#context.run,
      this.#plan.id,
      action.id,
      {outcome, made, remember},
      at,
    )
  }

  /** R1: `unknown` is read back before anything is sent again. */
  async #settled(action: Action): Promise<Result> {
    let result = await this.#send(action)
    for (let resend = 0; result.outcome.status === 'unknown' && resend < RESENDS; resend++) {
      const {missing, shown} = await this.#readBack([action])
      if (missing.length === 0) {
        this.#learn(shown)
        return {outcome: {status: 'done'}}
      }
      if (shown === undefined) return result
      result = await this.#send(action)
    }
    return result
  }

  async #send(action: Action): Promise<Result> {
    const {writer} = this.#deps
    const user = this.#plan.id
    switch (action.kind) {
      case 'set-phone':
        return {outcome: await writer.setPhone(user, action, this.#signal)}
      case 'create-token': {
        const secret = this.#secret(action.item)
        return this.#made(action.serialNumber, await writer.createToken({...action, secret}, this.#signal))
      }
      case 'update-token':
        return {outcome: await writer.updateToken(action.deviceId, action, this.#signal)}
      case 'assign-token': {
        const deviceId = action.deviceId ?? (await this.#deviceId(action.serialNumber))
        if (deviceId === undefined)
          return failed('token-not-found', `token ${action.serialNumber} is not in the inventory`)
        return this.#made(action.serialNumber, await writer.assignToken(user, deviceId, this.#signal))
      }
      case 'activate-token': {
        const methodId = await this.#methodId(action)
        if (methodId === undefined)
          return failed('token-not-found', `token ${action.serialNumber} is not assigned`)
        const token = {...action, secret: this.#secret(action.item)}
        return {outcome: await writer.activateToken(user, methodId, token, this.#signal)}
      }
      case 'set-default':
        return {outcome: await writer.setDefault(user, action.method, this.#signal)}
      case 'disable-sms-sign-in':
        return {outcome: await writer.disableSmsSignIn(user, action.methodId, this.#signal)}
      case 'unassign-token':
        return {outcome: await writer.unassignToken(user, action.methodId, this.#signal)}
      default:
        return action satisfies never
    }
  }

  #made(serial: string, outcome: Made<'deviceId'> | Made<'methodId'>): Result {
    const {deviceId, methodId} = outcome as {deviceId?: string; methodId?: string}
    if (deviceId !== undefined) this.#deviceIds.set(serial, deviceId)
    if (methodId !== undefined) this.#methodIds.set(serial, methodId)
    return {
      outcome,
      made: {...(deviceId === undefined ? {} : {deviceId}), ...(methodId === undefined ? {} : {methodId})},
    }
  }

  async #deviceId(serial: string): Promise<string | undefined> {
    const known = this.#deviceIds.get(serial)
    if (known !== undefined) return known
    const found = await this.#deps.directory.tokens([serial], this.#signal)
    return found.get(serial)?.find((token) => token.assignedTo === undefined)?.id
  }

  async #methodId(action: Action & {serialNumber: string}): Promise<string | undefined> {
    const serial = action.serialNumber
    const held = this.#methodIds.get(serial) ?? idOf(this.#before, serial)
    if (held !== undefined) return held
    const assigned = this.#results.find(
      ({action: a}) => a.kind === 'assign-token' && a.serialNumber === serial,
    )
    this.#learn((await this.#readBack(assigned === undefined ? [] : [assigned.action])).shown)
    return this.#methodIds.get(serial)
  }

  #learn(shown: Shown | undefined): void {
    for (const token of shown?.methods.hardwareOath ?? []) {
      if (token.serialNumber !== undefined) this.#methodIds.set(token.serialNumber, token.id)
    }
    for (const [serial, tokens] of shown?.inventory ?? []) {
      if (tokens[0] !== undefined) this.#deviceIds.set(serial, tokens[0].id)
    }
  }

  #secret(item: ItemRef): OathSecret {
    const secret = this.#server === undefined ? undefined : secretOf(this.#server, item)
    if (secret === undefined) throw new Error(`no secret for ${item}: the plan does not fit the record`)
    return secret
  }

  #readBack(actions: readonly Action[]) {
    return readBack(this.#plan.id, actions, this.#deps, this.#context.consistencyMs, this.#signal)
  }

  /** O2, D6: what this run assigned and could not activate goes back to the inventory. */
  async #takeBack(refused: Action & {kind: 'activate-token'}): Promise<void> {
    const {serialNumber, item, rule} = refused
    const assigned = this.#results.some(
      ({action, outcome}) =>
        action.kind === 'assign-token' && action.serialNumber === serialNumber && outcome.status === 'done',
    )
    const methodId = this.#methodIds.get(serialNumber)
    let then = 'It stays assigned as it was before.'
    if (assigned && methodId !== undefined) {
      const action: Action = {
        id: actionId(this.#plan.id, 'unassign-token', serialNumber),
        kind: 'unassign-token',
        rule,
        item,
        needs: [],
        serialNumber,
        methodId,
      }
      const {outcome} = await this.#recorded(action)
      this.#results.push({action, outcome})
      then = succeeded(outcome)
        ? 'It was unassigned again.'
        : 'It could not be unassigned again; unassign it by hand.'
    }
    const why = refused.existed
      ? 'its secret in Entra is probably another one'
      : 'its time step or secret does not fit'
    const detail = `Entra refused the code of token ${serialNumber}: ${why}. ${then} Check the seed file.`
    this.#findings.push({code: 'activation-refused', rule, item, detail})
  }

  /** R4, P9. */
  async #prove(): Promise<boolean> {
    const done = this.#results.filter(({outcome}) => succeeded(outcome)).map(({action}) => action)
    const gone = new Set(
      done.flatMap((action) => (action.kind === 'unassign-token' ? [action.serialNumber] : [])),
    )
    const lasting = done.filter(
      (action) =>
        action.kind === 'unassign-token' ||
        !('serialNumber' in action && gone.has(action.serialNumber) && action.kind !== 'create-token'),
    )
    const {shown, missing} = await this.#readBack(lasting)
    for (const action of missing) {
      const detail = `Entra took the change (${action.kind}) but does not show it yet; run mfa verify in some minutes.`
      this.#findings.push({code: 'in-doubt', rule: 'R4', item: action.item, detail})
    }
    if (shown !== undefined) await this.#keepSmsSignInOff(shown.methods)
    return missing.length === 0 && this.#results.every(({outcome}) => succeeded(outcome))
  }

  /** P9: SMS sign-in that our write switched on is switched off again. */
  async #keepSmsSignInOff(now: EntraMethods): Promise<void> {
    if (this.#context.options.smsSignIn === 'allow') return
    const wrote = this.#results.some(
      ({action, outcome}) =>
        action.kind === 'set-phone' && action.slot === 'mobile' && outcome.status === 'done',
    )
    const mobile = now.phones.find(({slot}) => slot === 'mobile')
    const was = this.#before.phones.find(({slot}) => slot === 'mobile')
    if (!wrote || mobile?.smsSignInState !== 'ready' || was?.smsSignInState === 'ready') return
    const action: Action = {
      id: actionId(this.#plan.id, 'disable-sms-sign-in', 'mobile'),
      kind: 'disable-sms-sign-in',
      rule: 'P9',
      item: 'phone',
      needs: [],
      methodId: mobile.id,
    }
    const {outcome} = await this.#recorded(action)
    this.#results.push({action, outcome})
    const detail = succeeded(outcome)
      ? 'Adding the mobile number switched on SMS sign-in; it was switched off again. --sms-sign-in allow keeps it on.'
      : 'Adding the mobile number switched on SMS sign-in and it could not be switched off; switch it off by hand.'
    this.#findings.push({code: 'sms-sign-in-disabled', rule: 'P9', item: 'phone', detail})
  }
}

const succeeded = ({status}: Outcome): boolean => status === 'done' || status === 'already-done'

const failed = (code: string, message: string): Result => ({outcome: {status: 'failed', code, message}})

const idOf = (methods: EntraMethods, serial: string): string | undefined =>
  methods.hardwareOath.find(({serialNumber}) => serialNumber === serial)?.id

/** A refusal for lack of rights certainly changed nothing; of everything else nobody knows. */
function outcomeOf(error: unknown): Outcome {
  const code = error instanceof MfaError ? error.code : 'INTERRUPTED'
  const message = error instanceof Error ? error.message : String(error)
  const status = error instanceof MfaError && error.exit === 'auth' ? 'failed' : 'unknown'
  return {status, code, message}
}
