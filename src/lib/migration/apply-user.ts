import type {RunId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {OathSecret} from '../model/secret.js'
import type {ServerUser} from '../model/server-user.js'
import type {ActionRecord, Journal} from '../ports/journal.js'
import type {Source} from '../ports/source.js'
import {lasting, writesSinceProven} from './earlier-writes.js'
import {serverFingerprint} from './fingerprint.js'
import type {Action, ActivateToken, Finding, ItemRef, MigrationOptions, UserPlan} from './plan.js'
import {actionId} from './rules/draft.js'
import {secretOf} from './secret-of.js'
import {ActionSender, type SenderDeps, type Signals, succeeded} from './send-action.js'
import {
  disableSmsSignIn,
  isSignIn,
  mobileOf,
  owesSmsSignInOff,
  smsSignInFinding,
  undoOwesSmsSignInOff,
} from './sms-sign-in.js'
import {remembered} from './unsettled.js'

export interface ApplyDeps extends SenderDeps {
  readonly source: Pick<Source, 'users'>
  readonly journal: Journal
}

export interface ApplyContext {
  readonly run: RunId
  readonly tenantId: string
  readonly hashKey: Uint8Array
  readonly options: MigrationOptions
  /** Milliseconds that Entra may take to show what was written (R4). */
  readonly consistencyMs: number
  /** What is put back was never ours: nothing of it is remembered. */
  readonly isUndo?: boolean | undefined
  /** The run that is undone. */
  readonly undoes?: RunId | undefined
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

/**
 * Writes one user's plan: intent, request, outcome for each action (R1), then reads the user back (R4).
 * One action's failure leaves out only what needs it. Throws what concerns every user (R2), with the outcome on record.
 */
export async function applyUser(
  plan: UserPlan,
  before: EntraMethods,
  context: ApplyContext,
  deps: ApplyDeps,
  signals: Signals,
): Promise<Applied> {
  const work = new UserWork(plan, before, context, deps, signals)
  return work.run()
}

class UserWork {
  readonly #plan: UserPlan
  readonly #before: EntraMethods
  readonly #context: ApplyContext
  readonly #deps: ApplyDeps
  readonly #signal: AbortSignal
  readonly #signals: Signals
  readonly #sender: ActionSender
  readonly #results: ActionResult[] = []
  readonly #findings: Finding[] = []
  #server: ServerUser | undefined

  constructor(
    plan: UserPlan,
    before: EntraMethods,
    context: ApplyContext,
    deps: ApplyDeps,
    signals: Signals,
  ) {
    this.#plan = plan
    this.#before = before
    this.#context = context
    this.#deps = deps
    this.#signal = signals.start
    this.#signals = signals
    const secret = (item: ItemRef) => this.#secret(item)
    this.#sender = new ActionSender(plan.id, before, deps, signals, context.consistencyMs, secret)
  }

  async run(): Promise<Applied> {
    const {journal, clock} = this.#deps
    if (!(await this.#sameRecord())) return {actions: this.#results, findings: this.#findings, proven: false}
    this.#signal.throwIfAborted()
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
    const {source, actions, serverFingerprint: planned} = this.#plan
    if (source === undefined || !actions.some((action) => 'serialNumber' in action)) return true
    for await (const server of this.#deps.source.users(this.#signal, [source])) this.#server = server
    if (this.#server !== undefined && serverFingerprint(this.#server, this.#context.hashKey) === planned) {
      return true
    }
    const detail =
      'The record on the server changed after the plan was made; nothing was written. Run the command again.'
    this.#findings.push({code: 'changed-since', rule: 'R6', item: 'user', detail})
    for (const action of actions) this.#skip(action, 'source-changed', detail)
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
    const outcome = await this.#recorded(action)
    if (action.kind !== 'activate-token' || outcome.status !== 'failed') return
    if (outcome.code === 'activation-refused') await this.#takeBack(action)
  }

  /** R1: intent, request, outcome. */
  async #recorded(action: Action): Promise<Outcome> {
    const {journal, clock} = this.#deps
    const {run, hashKey} = this.#context
    const {id: user, userPrincipalName} = this.#plan
    const intentAt = clock.now().toISOString()
    this.#signals.check?.()
    await journal.intent({run, user, userPrincipalName, action: action.id, intent: {...action}, intentAt})
    const {outcome, made, thrown} = await this.#sender.send(action)
    const isOurs = succeeded(outcome) && this.#context.isUndo !== true
    const remember = isOurs ? remembered(action, this.#server, hashKey) : undefined
    await journal.outcome(run, user, action.id, {outcome, made, remember}, clock.now().toISOString())
    if (thrown !== undefined) throw thrown.error
    this.#results.push({action, outcome})
    return outcome
  }

  #secret(item: ItemRef): OathSecret {
    const secret = this.#server === undefined ? undefined : secretOf(this.#server, item)
    if (secret === undefined) throw new Error(`no secret for ${item}: the plan does not fit the record`)
    return secret
  }

  /** O2, D6: what this run assigned and could not activate goes back to the inventory. */
  async #takeBack(refused: ActivateToken): Promise<void> {
    const {serialNumber, item, rule, existed} = refused
    const methodId = this.#sender.methodIdOf(refused)
    let then = 'It stays assigned as it was before.'
    if (methodId !== undefined && (await this.#assignedByUs(serialNumber))) {
      const id = actionId(this.#plan.id, 'unassign-token', serialNumber)
      const back = {id, kind: 'unassign-token', rule, item, needs: [], serialNumber, methodId} as const
      then = succeeded(await this.#recorded(back))
        ? 'It was unassigned again.'
        : 'It could not be unassigned again; unassign it by hand.'
    }
    const why = existed
      ? 'its secret in Entra is probably another one'
      : 'its time step or secret does not fit'
    const detail = `Entra refused the code of token ${serialNumber}: ${why}. ${then} Check the seed file.`
    this.#findings.push({code: 'activation-refused', rule, item, detail})
  }

  /** By this run, also before it was interrupted, or by one that was cut off before it could take it back. */
  async #assignedByUs(serial: string): Promise<boolean> {
    const writes = await this.#writes()
    const last = writes.findLast(
      ({intent, outcome}) =>
        intent['serialNumber'] === serial &&
        (intent['kind'] === 'assign-token' || intent['kind'] === 'unassign-token') &&
        outcome?.status === 'done',
    )
    return last?.intent['kind'] === 'assign-token'
  }

  async #writes(): Promise<readonly ActionRecord[]> {
    const {journal} = this.#deps
    const {tenantId} = this.#context
    const {id} = this.#plan
    const migrated = (await journal.memory(tenantId, [id])).get(id)?.migrated
    return writesSinceProven(journal, tenantId, id, migrated)
  }

  /** R4, P9. */
  async #prove(): Promise<boolean> {
    const done = this.#results.filter(({outcome}) => succeeded(outcome)).map(({action}) => action)
    const {shown, missing} = await this.#sender.readBack(lasting(done))
    for (const action of missing) {
      const detail = `Entra took the change (${action.kind}) but does not show it yet; run mfa verify in some minutes.`
      this.#findings.push({code: 'in-doubt', rule: 'R4', item: action.item, detail})
    }
    if (shown !== undefined) await this.#keepSmsSignInOff(shown.methods)
    return missing.length === 0 && this.#results.every(({outcome}) => succeeded(outcome))
  }

  /** P9: SMS sign-in that our write switched on is switched off again. */
  async #keepSmsSignInOff(now: EntraMethods): Promise<void> {
    const mobile = mobileOf(now)
    if (this.#context.options.smsSignIn === 'allow' || mobile === undefined || !isSignIn(now)) return
    const {journal} = this.#deps
    const {undoes} = this.#context
    const {id} = this.#plan
    const writes = await this.#writes()
    const owes =
      undoes === undefined
        ? await owesSmsSignInOff(id, mobile.number, writes, [], journal)
        : await undoOwesSmsSignInOff(id, mobile.number, undoes, writes, [], journal)
    if (!owes) return
    const outcome = await this.#recorded(disableSmsSignIn(this.#plan.id, mobile.id))
    const detail = succeeded(outcome)
      ? 'Adding the mobile number switched on SMS sign-in; it was switched off again. --sms-sign-in allow keeps it on.'
      : 'Adding the mobile number switched on SMS sign-in and it could not be switched off; switch it off by hand.'
    this.#findings.push(smsSignInFinding(detail))
  }
}
