import type {SentChange, TenantChange} from '../changes/tenant-change.js'
import {inTenantRun, type TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import {countOf} from '../model/count-of.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {Files} from '../ports/files.js'
import type {Journal} from '../ports/journal.js'
import type {
  ExistingPass,
  IssuedPass,
  PassFor,
  PassRequest,
  PassSealing,
  TemporaryPasses,
} from '../ports/sign-in-help.js'
import type {Ui} from '../ports/ui.js'
import {readyForPasses} from './pass-checks.js'

export interface IssueRequest {
  /** User principal names or object ids. */
  readonly users: readonly string[]
  readonly lifetimeMinutes: number | undefined
  readonly isUsableOnce: boolean | undefined
  /** ISO 8601. */
  readonly startsAt: string | undefined
  readonly recipients: readonly string[]
  /** Where the sealed passes go; nothing is there yet. */
  readonly out: string
  /** A pass that is there is removed first. */
  readonly replace: boolean
  readonly yes: boolean
  readonly consistencyMs: number
  readonly logFile: string | undefined
}

export interface IssueDeps {
  readonly passes: TemporaryPasses
  readonly sealing: PassSealing
  readonly directory: Pick<Directory, 'tenantId' | 'findUser' | 'members'>
  readonly journal: Journal
  readonly files: Pick<Files, 'write'>
  readonly clock: Clock
  readonly ui: Ui
  /** The service's time. */
  readonly now: () => Date
}

/** A pass that was issued, without the pass. */
export interface IssuedFact {
  readonly userPrincipalName: string
  readonly id: string
  readonly methodId: string
  readonly startsAt: string
  readonly expiresAt: string
  readonly isUsableOnce: boolean
}

export interface IssueReport {
  readonly run: RunId | undefined
  readonly file: string
  readonly issued: readonly IssuedFact[]
}

/** The journal's record of a pass: when and for how long, never what. */
interface PassChange extends TenantChange {
  readonly kind: 'issue-tap' | 'remove-tap'
}

/**
 * Issues a Temporary Access Pass for each user and puts all of them into one file that only the recipients' keys open. The file is
 * written anew after each pass, so that none is lost to what happens later. A pass is never shown, logged or put on record.
 * Throws MfaError `usage` (recipient, user, lifetime), `refused` (not enabled; there is a pass already), `declined`,
 * `partial` (a pass was issued and its text was lost on the way).
 */
export async function issuePasses(
  request: IssueRequest,
  deps: IssueDeps,
  signal: AbortSignal,
): Promise<IssueReport> {
  deps.sealing.mustTake(request.recipients)
  const {users, lifetimeMinutes} = await readyForPasses(request, deps, signal)
  const tenantId = await deps.directory.tenantId(signal)
  const question = `Issue ${countOf(users.length, 'Temporary Access Pass', 'Temporary Access Passes')} into ${request.out}?`
  if (!request.yes && !(await deps.ui.confirm(question, '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  const start = {
    kind: 'readiness',
    tenantId,
    command: 'mfa readiness issue-tap',
    options: {
      users: users.map(({user}) => user.id),
      lifetimeMinutes,
      isUsableOnce: request.isUsableOnce,
      startsAt: request.startsAt,
      replace: request.replace,
    },
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  } as const
  return inTenantRun(start, deps, signal, async (run) => {
    const sealed: PassFor[] = []
    for (const {user, existing} of users) {
      for (const pass of existing) await remove(user, pass, run, deps)
      const issued = await issue(user, {...request, lifetimeMinutes}, run, deps)
      sealed.push({userPrincipalName: user.userPrincipalName, issued, expiresAt: expiryOf(issued)})
      await deps.files.write(request.out, [await deps.sealing.seal(sealed, request.recipients)])
      deps.ui.emit({type: 'progress', phase: 'issuing passes', done: sealed.length, total: users.length})
    }
    deps.ui.emit({type: 'phase-end', phase: 'issuing passes'})
    return {
      run: run.id(),
      file: request.out,
      issued: sealed.map((each, n) => factOf(each, users[n]?.user)),
    }
  })
}

async function remove(
  user: EntraIdentity,
  pass: ExistingPass,
  run: TenantRun,
  {passes}: IssueDeps,
): Promise<void> {
  const change: PassChange = {
    id: `remove-tap ${user.id} ${pass.id}`,
    kind: 'remove-tap',
    target: {id: user.id, name: user.userPrincipalName},
    before: {methodId: pass.id},
    after: null,
    says: `remove the Temporary Access Pass of ${user.userPrincipalName}`,
  }
  await run.mustApply(change, {
    send: async (signal) => ({outcome: await passes.remove(user.id, pass.id, signal)}),
    shows: async (signal) =>
      (await passes.of(user.id, signal)).some(({id}) => id === pass.id) ? undefined : {},
  })
}

async function issue(
  user: EntraIdentity,
  {lifetimeMinutes, isUsableOnce, startsAt}: PassRequest,
  run: TenantRun,
  {passes}: IssueDeps,
): Promise<IssuedPass> {
  const change: PassChange = {
    id: `issue-tap ${user.id}`,
    kind: 'issue-tap',
    target: {id: user.id, name: user.userPrincipalName},
    before: null,
    after: {lifetimeMinutes, isUsableOnce, startsAt},
    says: `issue a Temporary Access Pass for ${user.userPrincipalName}`,
  }
  // Beside the journal: the text of the pass goes nowhere but into the sealed file.
  let held: IssuedPass | undefined
  const applied = await run.mustApply(change, {
    async send(signal): Promise<SentChange> {
      const {outcome, issued} = await passes.issue(user.id, {lifetimeMinutes, isUsableOnce, startsAt}, signal)
      held = issued
      return issued === undefined ? {outcome} : {outcome, made: {methodId: issued.id}}
    },
    shows: async (signal) => {
      if (held !== undefined) return {}
      const found = (await passes.of(user.id, signal)).find(({isUsable}) => isUsable)
      return found === undefined ? undefined : {made: {methodId: found.id}}
    },
  })
  if (held !== undefined) return held
  throw new MfaError(
    'PASS_LOST',
    `a pass was issued for ${user.userPrincipalName} (${applied.made?.['methodId'] ?? ''}), and its text was lost on the way: nobody knows it`,
    {
      exit: 'partial',
      fix: 'Run the same command again with --replace: it removes that pass and issues another.',
    },
  )
}

function expiryOf({startsAt, lifetimeMinutes}: IssuedPass): string {
  const start = Date.parse(startsAt)
  return Number.isNaN(start) ? '' : new Date(start + lifetimeMinutes * 60_000).toISOString()
}

const factOf = (
  {userPrincipalName, issued, expiresAt}: PassFor,
  user: EntraIdentity | undefined,
): IssuedFact => ({
  userPrincipalName,
  id: user?.id ?? '',
  methodId: issued.id,
  startsAt: issued.startsAt,
  expiresAt,
  isUsableOnce: issued.isUsableOnce,
})
