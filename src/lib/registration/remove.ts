import {inTenantRun, type TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Application, ApplicationChange, RegisteredKey} from '../ports/app-registration.js'
import {applySteps, readIfThere} from './apply-steps.js'
import {changeTo} from './config-values.js'
import type {RegistrationDeps} from './configure-request.js'
import {locate, stateOf, type Which} from './locate.js'
import {madeHere, type MadeHere} from './made-here.js'
import {beforeOf, grantedOf, type RegistrationState} from './plan.js'
import {roleTooLow} from './refused.js'
import {keyName, says, type Step} from './steps.js'

export interface RemoveRequest {
  readonly command: string
  readonly which: Which
  /** Also where other machines have certificates in it. */
  readonly force: boolean
  /** Whether key files go too; undefined: asked. */
  readonly keyFiles?: boolean | undefined
  readonly yes: boolean
  readonly dryRun: boolean
  readonly consistencyMs: number
  readonly logFile?: string | undefined
  readonly preview: (says: readonly string[]) => Promise<void>
}

export interface RemoveReport {
  readonly dryRun: boolean
  readonly application?: {readonly appId: string; readonly displayName: string} | undefined
  /** Whether the application itself went: it was made by this tool. */
  readonly deleted: boolean
  readonly says: readonly string[]
  /** Key files that stay. */
  readonly keptFiles: readonly string[]
  readonly run?: string | undefined
}

/**
 * Takes back what runs of this tool did to the registration, and nothing else: an application that it made is deleted, one
 * that it found is only cleaned. Then the settings that it wrote, and the key files that it made, if that is wanted.
 */
export async function removeRegistration(
  request: RemoveRequest,
  deps: RegistrationDeps,
  signal: AbortSignal,
): Promise<RemoveReport> {
  const {tenantId, journal, clock} = deps
  const start = {
    kind: 'app' as const,
    tenantId,
    command: request.command,
    options: {},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  return inTenantRun(start, {journal, clock}, signal, (run) => removing(request, deps, run))
}

async function removing(
  request: RemoveRequest,
  deps: RegistrationDeps,
  run: TenantRun,
): Promise<RemoveReport> {
  const {journal, tenantId, registrations, config, ui} = deps
  const made = await madeHere(journal, tenantId)
  const found = await ours(request, deps, made, run.signal)
  const state = await stateOf(found, registrations, run.signal)
  const deleted = found !== undefined && found.objectId === made.application
  if (deleted && !request.force) refuseOthers(found, made)
  const tenant = found === undefined ? [] : deleted ? deletion(found) : cleaning(found, state, made)
  const settings = configBack(await config.read(), made, config.file)
  const files = await existing(made.files, deps)
  const fileSteps = files.map((file): Step => ({kind: 'remove-file', file}))
  const before = [...tenant, ...(settings === undefined ? [] : [settings])]
  const gone = request.keyFiles === true ? fileSteps : []
  const all = [...before, ...gone].map(says)
  await request.preview(all)
  const base = {dryRun: request.dryRun, application: found, deleted, says: all}
  if (request.dryRun || before.length + files.length === 0)
    return {...base, keptFiles: gone.length > 0 ? [] : files}
  if (all.length > 0 && !request.yes && !(await ui.confirm('Do this?', '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  const also =
    request.keyFiles ??
    (files.length > 0 &&
      !request.yes &&
      (await ui.confirm(`Remove the key too (${files.join(', ')})?`, '--remove-key')))

  const known = {
    displayName: found?.displayName ?? request.which.displayName,
    graphId: state.graph.id,
    objectId: found?.objectId,
    appId: found?.appId,
    principalId: state.principal?.id,
  }
  await applySteps(run, [...before, ...(also ? fileSteps : [])], {known}, deps).catch((error: unknown) => {
    throw roleTooLow(error, deps.caller)
  })
  return {...base, keptFiles: also ? [] : files, run: run.id()}
}

/** Undefined where it is gone already: the settings are still to be cleaned. */
async function ours(
  {which}: RemoveRequest,
  deps: RegistrationDeps,
  made: MadeHere,
  signal: AbortSignal,
): Promise<Application | undefined> {
  if (made.application !== undefined && which.appId === undefined) {
    const found = await deps.registrations.byObjectId(made.application, signal)
    if (found !== undefined) return found
  }
  try {
    return await locate(which, deps.tenantId, deps, signal)
  } catch (error) {
    if (error instanceof MfaError && error.code === 'APP_GONE') return undefined
    throw error
  }
}

function refuseOthers({keys, displayName}: Application, made: MadeHere): void {
  const others = keys.filter((key) => !isMadeHere(key, made))
  if (others.length === 0) return
  throw new MfaError(
    'OTHERS_CERTIFICATES',
    `"${displayName}" holds certificates that this machine did not register: ${others.map(keyName).join(', ')}. Whoever uses them could no longer sign in.`,
    {
      exit: 'refused',
      fix: 'Let those machines leave first (mfa app certificate remove), or accept it: --force.',
    },
  )
}

const isMadeHere = ({keyId, thumbprintSha256}: RegisteredKey, made: MadeHere): boolean =>
  thumbprintSha256 === undefined ? made.keyIds.has(keyId) : made.keys.has(thumbprintSha256)

const deletion = ({displayName}: Application): readonly Step[] => [{kind: 'delete-application', displayName}]

function cleaning(found: Application, state: RegistrationState, made: MadeHere): readonly Step[] {
  const keys = found.keys.filter((key) => isMadeHere(key, made))
  const roles = grantedOf(state).filter(({kind, id}) => kind === 'application' && made.roles.has(id))
  const before = state.grants.scopes[0]?.names ?? []
  const after = before.filter((scope) => !made.scopes.has(scope))
  const change: ApplicationChange = {
    ...(found.asksFor.some(({id}) => made.asks.has(id))
      ? {asksFor: found.asksFor.filter(({id}) => !made.asks.has(id))}
      : {}),
    ...(made.publicClient && found.isPublicClient ? {isPublicClient: false} : {}),
    ...(found.replyAddresses.some((each) => made.replyAddresses.has(each))
      ? {replyAddresses: found.replyAddresses.filter((each) => !made.replyAddresses.has(each))}
      : {}),
  }
  return [
    ...roles.map(({permission, id, assignmentId = ''}): Step => ({
      kind: 'revoke-role',
      permission,
      roleId: id,
      assignmentId,
    })),
    ...(after.length === before.length
      ? []
      : [{kind: 'grant-scopes' as const, grantId: state.grants.scopes[0]?.id, before, after}]),
    ...keys.map((key): Step => ({kind: 'remove-key', key})),
    ...(Object.keys(change).length === 0
      ? []
      : [
          {
            kind: 'change-application' as const,
            before: beforeOf(found, change),
            after: change,
            says: `put the application "${found.displayName}" back as it was found`,
          },
        ]),
    ...(made.principal && state.principal !== undefined ? [{kind: 'delete-principal' as const}] : []),
  ]
}

/** What somebody else wrote since stays. */
function configBack(there: Readonly<Record<string, unknown>>, made: MadeHere, file: string) {
  const keys = [...(made.config.get(file) ?? [])].filter(([key, {written}]) =>
    written.some((value) => JSON.stringify(there[key]) === JSON.stringify(value)),
  )
  return changeTo(there, Object.fromEntries(keys.map(([key, {first}]) => [key, first])), file)
}

async function existing(
  files: ReadonlySet<string>,
  {certificates}: RegistrationDeps,
): Promise<readonly string[]> {
  const there: string[] = []
  for (const file of files) {
    try {
      if ((await readIfThere(certificates, file, undefined)) !== undefined) there.push(file)
    } catch (error) {
      // One that needs a password is there as well.
      if (!(error instanceof MfaError)) throw error
      there.push(file)
    }
  }
  return there
}
