import {MfaError} from '../errors/mfa-error.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {MfaBehavior} from '../model/mfa-behavior.js'
import type {Directory} from '../ports/directory.js'
import {isReadFailure} from '../ports/directory.js'
import type {DomainFederation, Federations} from '../ports/federation.js'
import type {Journal} from '../ports/journal.js'
import type {MigrationStandings} from '../ports/migration-standing.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {ACCEPTABLE, acceptable, type Blocker, final, isAcceptable} from './blockers.js'
import {checkMigrated} from './check-migration.js'
import {type Allowed, checkUsers} from './check-users.js'
import {emergencyAccountMissing, emergencyAccountUnknown, judgeEmergencyAccount} from './emergency-account.js'

/** Something that still needs MFA Server: C1–C6 of the dependencies. */
export interface OpenDependency {
  readonly id: string
  readonly detail: string
}

export interface GuardRequest {
  readonly to: MfaBehavior
  /** The domain and those federated with it. */
  readonly domains: readonly string[]
  readonly all: readonly DomainFederation[]
  readonly group: string | undefined
  readonly allUsers: boolean
  readonly emergencyAccount: string | undefined
  /** Undefined where nobody answered what depends on MFA Server. */
  readonly dependencies: readonly OpenDependency[] | undefined
  readonly accept: readonly string[]
}

export interface GuardDeps {
  readonly federations: Federations
  readonly directory: Directory
  readonly journal: Journal
  readonly scratch: Scratch
  readonly ui: Ui
  /** How far the migration of users has come; asked for on first use, since it may read the server. */
  standings(): Promise<MigrationStandings>
  /** M3: what the authentication methods policy allows to each user. */
  allowed(signal: AbortSignal): Promise<Allowed>
}

export interface Guarded {
  /** What stands in the way and was not accepted. */
  readonly blockers: Bag<Blocker>
  readonly accepted: Bag<Blocker>
  /** Users who were checked. */
  readonly checked: number
}

/** Everything that speaks against the change, each with its code; what `accept` names counts as accepted. Writes nothing. */
export async function guard(request: GuardRequest, deps: GuardDeps, signal: AbortSignal): Promise<Guarded> {
  mustBeCodes(request.accept)
  const blockers = deps.scratch.bag<Blocker>('federation-blockers')
  const accepted = deps.scratch.bag<Blocker>('federation-accepted')
  const wanted = new Set(request.accept.map((code) => code.toLowerCase()))
  const report = (blocker: Blocker): void => {
    const bag = blocker.acceptable && wanted.has(blocker.code.toLowerCase()) ? accepted : blockers
    bag.add(`${blocker.code} ${blocker.item ?? ''}`, blocker)
  }
  if (request.to === 'enforceMfaByFederatedIdp') report(onPremMfa())
  if (request.to !== 'rejectMfaByFederatedIdp') return {blockers, accepted, checked: 0}
  reportDependencies(request.dependencies, report)
  const allowed = await deps.allowed(signal)
  await checkEmergency(request, allowed, report, deps, signal)
  const checked = await checkEverybody(request, allowed, report, deps, signal)
  return {blockers, accepted, checked}
}

/** MFA Server itself answers nobody any more, so this is a person's word on whatever stands in its place. */
export const onPremMfa = (): Blocker =>
  acceptable(
    'onprem-mfa',
    'people are sent to the identity provider for MFA, and Azure MFA Server answers no requests since 2024-09-30: MFA has to work there by another provider. ' +
      'Where it does not, "mfa federation set accept" lets Entra do MFA whenever the identity provider did none',
  )

function reportDependencies(
  open: readonly OpenDependency[] | undefined,
  report: (blocker: Blocker) => void,
): void {
  if (open === undefined) {
    const detail = 'no answers file says what still depends on MFA Server (C1–C6): --answers FILE'
    return report(acceptable('dependencies-unknown', detail))
  }
  for (const {id, detail} of open) report(acceptable(`dependency-${id}`, detail, id))
}

async function checkEmergency(
  {emergencyAccount: name, all}: GuardRequest,
  allowed: Allowed,
  report: (blocker: Blocker) => void,
  {federations, directory}: GuardDeps,
  signal: AbortSignal,
): Promise<void> {
  if (name === undefined) return report(emergencyAccountMissing())
  const account = await federations.account(name, signal)
  if (account === undefined) return report(emergencyAccountUnknown(name))
  const suffix = account.userPrincipalName.split('@').at(-1)?.toLowerCase()
  const shown = (await directory.methods([account.id], signal)).get(account.id)
  const methods: EntraMethods | undefined = shown === undefined || isReadFailure(shown) ? undefined : shown
  const domain = all.find(({domain: each}) => each.toLowerCase() === suffix)
  for (const blocker of judgeEmergencyAccount({account, domain, methods, allowed: allowed(account.id)}))
    report(blocker)
}

async function checkEverybody(
  request: GuardRequest,
  allowed: Allowed,
  report: (blocker: Blocker) => void,
  deps: GuardDeps,
  signal: AbortSignal,
): Promise<number> {
  const {domains, group: name, allUsers} = request
  if (name === undefined && !allUsers) {
    report(
      final(
        'users-not-named',
        'nobody was checked: say who signs in through the domain, by --group or --all-users',
      ),
    )
    return 0
  }
  const group = name === undefined ? undefined : (await deps.directory.findGroup(name, signal)).id
  const {checked, outside, users} = await checkUsers({domains, group}, allowed, report, deps, signal)
  if (outside > 0)
    report(
      acceptable(
        'users-not-checked',
        `${outside} enabled users of ${domains.join(', ')} are not in "${name}" and were not checked; --all-users checks them too`,
      ),
    )
  await checkMigrated(users, await deps.standings(), report, signal)
  return checked
}

/** Throws MfaError `usage` for a code that nothing has, or that cannot be accepted. */
function mustBeCodes(accept: readonly string[]): void {
  const wrong = accept.filter((code) => !isAcceptable(code))
  if (wrong.length === 0) return
  throw new MfaError('BAD_ACCEPT', `--accept does not take ${wrong.join(', ')}`, {
    exit: 'usage',
    fix: `It takes ${Object.keys(ACCEPTABLE).join(', ')}, and dependency-C1 to dependency-C6.`,
  })
}
