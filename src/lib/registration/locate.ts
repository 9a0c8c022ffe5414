import {cutOffChange, happened, pastChanges} from '../changes/past-changes.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Application, AppRegistrations, Principal, Grants} from '../ports/app-registration.js'
import type {Journal} from '../ports/journal.js'
import type {RegistrationState} from './plan.js'

export interface Which {
  readonly displayName: string
  /** Whether somebody asked for this name. */
  readonly nameGiven: boolean
  readonly appId?: string | undefined
  /** `--client-id`, `mfa.config.json: clientId`; for messages. */
  readonly appIdFrom?: string | undefined
}

/**
 * The application that is meant: by its id, else the one that this tool made in this tenant, else by name.
 * Throws MfaError `refused` where the one that is named is gone, `usage` where several have the name.
 */
export async function locate(
  which: Which,
  tenantId: string,
  {registrations, journal}: {readonly registrations: AppRegistrations; readonly journal: Journal},
  signal: AbortSignal,
): Promise<Application | undefined> {
  if (which.appId !== undefined) {
    const found = await registrations.byAppId(which.appId, signal)
    if (found === undefined) throw gone(which, tenantId)
    return found
  }
  const ours = await createdHere(journal, tenantId)
  if (ours !== undefined && (!which.nameGiven || ours.displayName === which.displayName)) {
    const found = await registrations.byObjectId(ours.objectId, signal)
    if (found !== undefined) return found
  }
  const named = await registrations.byName(which.displayName, signal)
  if (named.length > 1) throw several(which.displayName, named)
  const [only] = named
  // A list does not tell the certificates themselves.
  return only && ((await registrations.byObjectId(only.objectId, signal)) ?? only)
}

/** What else the tenant shows of it. */
export async function stateOf(
  application: Application | undefined,
  registrations: AppRegistrations,
  signal: AbortSignal,
): Promise<RegistrationState> {
  const graph = await registrations.graph(signal)
  const principal: Principal | undefined =
    application === undefined ? undefined : await registrations.principal(application.appId, signal)
  const grants: Grants =
    principal === undefined
      ? {roles: [], scopes: []}
      : await registrations.grants(principal.id, graph.id, signal)
  return {graph, application, principal, grants}
}

/** The application that runs of ours made last and did not delete since. */
export async function createdHere(
  journal: Journal,
  tenantId: string,
): Promise<{readonly objectId: string; readonly displayName: string} | undefined> {
  let last: {readonly objectId: string; readonly displayName: string} | undefined
  for await (const past of pastChanges(journal, tenantId, ['app'])) {
    if (!happened(past)) continue
    const {kind, target} = past.change
    const objectId = past.made?.['objectId']
    if (kind === 'create-application' && objectId !== undefined) last = {objectId, displayName: target.name}
    if (kind === 'delete-application' && target.id === last?.objectId) last = undefined
  }
  return last
}

/**
 * The new application that the newest run made before it was cut off or refused: the same command goes on with it instead
 * of making one more. Undefined where that run came to its end, or another followed.
 */
export async function begunNew(
  displayName: string,
  tenantId: string,
  {registrations, journal}: {readonly registrations: AppRegistrations; readonly journal: Journal},
  signal: AbortSignal,
): Promise<Application | undefined> {
  let newest: string | undefined
  let made: {readonly run: string; readonly objectId: string} | undefined
  for await (const past of pastChanges(journal, tenantId, ['app'])) {
    newest = past.run.id
    const {kind, target} = past.change
    if (kind !== 'create-application' || target.name !== displayName || !happened(past)) continue
    const objectId = past.made?.['objectId']
    const isBegun = past.run.status !== 'finished' && past.run.options['new'] === true
    made = objectId !== undefined && isBegun ? {run: newest, objectId} : undefined
  }
  return made === undefined || made.run !== newest
    ? undefined
    : registrations.byObjectId(made.objectId, signal)
}

/**
 * Object ids of the applications that had this name before another is made beside them: as a command that was cut off saw
 * them, since what it made may be among those that are there now.
 */
export async function othersNamed(
  displayName: string,
  {
    registrations,
    journal,
    tenantId,
  }: {
    readonly registrations: AppRegistrations
    readonly journal: Journal
    readonly tenantId: string
  },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const begun = await cutOffChange(journal, tenantId, 'create-application', ['app'])
  const seen = (begun?.before as {readonly others?: readonly string[]} | null | undefined)?.others
  if (begun?.target.name === displayName && seen !== undefined) return seen
  return (await registrations.byName(displayName, signal)).map(({objectId}) => objectId)
}

function gone({appId, appIdFrom}: Which, tenantId: string): MfaError {
  return new MfaError(
    'APP_GONE',
    `the application ${appId} does not exist in tenant ${tenantId}${appIdFrom === undefined ? '' : `; ${appIdFrom} names it`}.`,
    {
      exit: 'refused',
      fix: [
        'If it was deleted within 30 days it can be restored: Entra admin center, App registrations, Deleted applications.',
        'If this is the wrong tenant: --tenant. To register a new application in its place: mfa app configure --new.',
      ].join('\n'),
    },
  )
}

export function noApplication(displayName: string, tenantId: string): MfaError {
  return new MfaError(
    'APP_NOT_REGISTERED',
    `no application "${displayName}" is registered in tenant ${tenantId}.`,
    {
      exit: 'usage',
      fix: 'Register it first: mfa app configure. If it has another name: --name or --client-id.',
    },
  )
}

function several(name: string, found: readonly Application[]): MfaError {
  const list = found.map(
    ({appId, createdAt}) => `  ${appId}${createdAt === undefined ? '' : ` (created ${createdAt})`}`,
  )
  return new MfaError(
    'APP_AMBIGUOUS',
    `${found.length} applications are named "${name}":\n${list.join('\n')}`,
    {exit: 'usage', fix: 'Name the one that is meant: --client-id ID.'},
  )
}
