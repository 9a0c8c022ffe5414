import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import {EVERYBODY} from '../model/methods-policy.js'
import type {Directory} from '../ports/directory.js'
import type {ExistingPass, PassPolicy, TemporaryPasses} from '../ports/sign-in-help.js'

export interface PassUser {
  readonly user: EntraIdentity
  /** To be removed first. */
  readonly existing: readonly ExistingPass[]
}

interface Asked {
  readonly users: readonly string[]
  readonly lifetimeMinutes: number | undefined
  readonly startsAt: string | undefined
  readonly isUsableOnce: boolean | undefined
  readonly replace: boolean
}

interface CheckDeps {
  readonly passes: Pick<TemporaryPasses, 'policy' | 'of'>
  readonly directory: Pick<Directory, 'findUser' | 'members'>
  readonly now: () => Date
}

/**
 * Everything that would be refused, before anything is sent: the method is enabled for each user, the lifetime is one that the policy
 * takes, each user is there, can sign in and has no pass yet. Throws MfaError `usage` or `refused`.
 */
export async function readyForPasses(
  asked: Asked,
  deps: CheckDeps,
  signal: AbortSignal,
): Promise<{readonly users: readonly PassUser[]; readonly lifetimeMinutes: number}> {
  const policy = await deps.passes.policy(signal)
  mustBeEnabled(policy)
  mustFit(asked, policy, deps.now())
  const users = new Map<ObjectId, EntraIdentity>()
  for (const name of asked.users) {
    const user = await mustFind(name, deps, signal)
    users.set(user.id, user)
  }
  await mustBeTargeted([...users.values()], policy, deps, signal)
  const ready: PassUser[] = []
  for (const user of users.values()) {
    const existing = (await deps.passes.of(user.id, signal)).filter(({isUsable}) => isUsable)
    if (existing.length > 0 && !asked.replace) throw hasOne(user)
    ready.push({user, existing})
  }
  return {users: ready, lifetimeMinutes: asked.lifetimeMinutes ?? policy.standard}
}

function mustBeEnabled({enabled}: PassPolicy): void {
  if (enabled) return
  throw new MfaError('TAP_OFF', 'Temporary Access Pass is not enabled in the authentication methods policy', {
    exit: 'refused',
    fix: 'Enable the method Temporary Access Pass (Entra admin center: Authentication methods, Policies), for a group of its own if need be.',
  })
}

function mustFit({lifetimeMinutes, startsAt, isUsableOnce}: Asked, policy: PassPolicy, now: Date): void {
  const {minimum, maximum} = policy
  if (lifetimeMinutes !== undefined && (lifetimeMinutes < minimum || lifetimeMinutes > maximum))
    throw new MfaError(
      'TAP_LIFETIME',
      `--lifetime: the policy takes ${minimum} to ${maximum} minutes, and not ${lifetimeMinutes}`,
      {exit: 'usage', fix: 'Give another lifetime, or change the policy.'},
    )
  if (startsAt !== undefined && Date.parse(startsAt) < now.getTime() - 60_000)
    throw new MfaError('TAP_START', `--start: ${startsAt} is over`, {
      exit: 'usage',
      fix: 'Leave it out for at once.',
    })
  if (isUsableOnce === false && policy.isUsableOnce)
    throw new MfaError('TAP_ONCE', 'the policy lets every pass be used once only', {
      exit: 'usage',
      fix: 'Leave --no-once out.',
    })
}

async function mustFind(name: string, {directory}: CheckDeps, signal: AbortSignal): Promise<EntraIdentity> {
  const user = await directory.findUser(name, signal)
  if (user === undefined)
    throw new MfaError('USER_NOT_FOUND', `the tenant has no user ${name}`, {
      exit: 'usage',
      fix: 'Give the user principal name or the object id.',
    })
  if (user.accountEnabled && !user.isGuest) return user
  throw new MfaError(
    'USER_CANNOT_USE_TAP',
    `${user.userPrincipalName} ${user.isGuest ? 'is a guest' : 'is disabled'}: a pass would be of no use`,
    {exit: 'refused', fix: 'Leave this user out.'},
  )
}

/** Who is excluded, or in none of the groups, would be refused at sign-in. */
async function mustBeTargeted(
  users: readonly EntraIdentity[],
  {include, exclude}: PassPolicy,
  {directory}: CheckDeps,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(users.map(({id}) => id))
  const inGroups = async (groups: readonly string[]): Promise<ReadonlySet<ObjectId>> => {
    const found = new Set<ObjectId>()
    for (const group of groups) {
      if (group === EVERYBODY) return wanted
      for await (const page of directory.members(group as ObjectId, signal))
        for (const {id} of page) if (wanted.has(id)) found.add(id)
    }
    return found
  }
  const [included, excluded] = [await inGroups(include), await inGroups(exclude)]
  const outside = users.find(({id}) => !included.has(id) || excluded.has(id))
  if (outside === undefined) return
  throw new MfaError(
    'TAP_NOT_FOR_USER',
    `the policy does not let ${outside.userPrincipalName} use a Temporary Access Pass`,
    {
      exit: 'refused',
      fix: 'Add the user to a group that the method targets, or take the user out of the excluded one.',
    },
  )
}

const hasOne = ({userPrincipalName}: EntraIdentity): MfaError =>
  new MfaError(
    'TAP_EXISTS',
    `${userPrincipalName} has a Temporary Access Pass already; a user has one at most`,
    {
      exit: 'refused',
      fix: '--replace removes it and issues another.',
    },
  )
