import {inTenantRun, type TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {CertificateFacts} from '../ports/certificates.js'
import {applySteps, type Progress} from './apply-steps.js'
import {checkCloud} from './clouds.js'
import {configChange} from './config-values.js'
import type {ConfigureReport, ConfigureRequest, RegistrationDeps} from './configure-request.js'
import {isGrant, waitForConsent} from './consent.js'
import {neededFor, type NeededPermission} from './features.js'
import {permissionRows, useOf} from './granted.js'
import {begunNew, locate, noApplication, othersNamed, stateOf} from './locate.js'
import {ownCertificate, warnIfSoon} from './own-certificate.js'
import {planRegistration, type RegistrationState, type Wanted} from './plan.js'
import {prove, type Proof} from './prove.js'
import {roleTooLow} from './refused.js'
import {says, type Step} from './steps.js'

/**
 * Creates or completes the application, its certificate and its grants, proves them, and writes the settings. Changes
 * nothing where everything is as wanted. The same command takes up one that was cut off.
 */
export async function configure(
  request: ConfigureRequest,
  deps: RegistrationDeps,
  signal: AbortSignal,
): Promise<ConfigureReport> {
  const {tenantId, journal, clock, ui} = deps
  for (const text of checkCloud(request.cloud, request.features)) ui.emit({type: 'warning', text})
  const start = {
    kind: 'app' as const,
    tenantId,
    command: request.command,
    options: optionsOf(request),
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  return inTenantRun(start, {journal, clock}, signal, (run) => work(request, deps, run))
}

function neededBy({features, extra}: ConfigureRequest): readonly NeededPermission[] {
  const needed = neededFor(features)
  const more = extra.filter(
    ({permission, kind}) => !needed.some((each) => each.permission === permission && each.kind === kind),
  )
  return [...needed, ...more]
}

/** The same again takes up an interrupted run. */
function optionsOf({which, createNew, features, extra, certificate, prune}: ConfigureRequest) {
  return {
    name: which.displayName,
    features,
    permissions: extra.map(({permission}) => permission),
    certificate: certificate?.file ?? null,
    prune,
    new: createNew,
  }
}

async function work(
  request: ConfigureRequest,
  deps: RegistrationDeps,
  run: TenantRun,
): Promise<ConfigureReport> {
  const {registrations, config, ui, caller, tenantId} = deps
  const {signal} = run
  const found = request.createNew
    ? await begunNew(request.which.displayName, tenantId, deps, signal)
    : await locate(request.which, tenantId, deps, signal)
  if (found === undefined && request.mustExist) throw noApplication(request.which.displayName, tenantId)
  const state = await stateOf(found, registrations, signal)
  const certificate = await ownCertificate(request.certificate, deps)
  const wanted: Wanted = {
    displayName: found?.displayName ?? request.which.displayName,
    others: request.createNew ? await othersNamed(request.which.displayName, deps, signal) : undefined,
    permissions: neededBy(request),
    grant: request.extra.length > 0 ? request.extra : undefined,
    certificate: request.certificate && {...request.certificate, facts: certificate},
    prune: request.prune,
  }
  const plan = planRegistration(state, wanted)
  for (const {permission, why} of plan.unavailable)
    ui.emit({
      type: 'warning',
      text: `${permission} does not exist in this tenant's cloud; without it: ${why}`,
    })
  if (state.principal?.isEnabled === false)
    ui.emit({
      type: 'warning',
      text: 'Sign-in is switched off for the application: Enterprise applications, Properties.',
    })

  const configKeys = async (at: Progress) => configChange(await config.read(), request, at, config)
  refuseOtherTenant(await config.read(), request, found?.appId, config.file)
  const soon = await configKeys({
    known: {
      displayName: wanted.displayName,
      graphId: state.graph.id,
      objectId: found?.objectId ?? '(new)',
      appId: found?.appId ?? '(new)',
    },
  })
  const sentences = [...plan.steps, ...(soon === undefined ? [] : [soon])].map(says)
  await request.preview({tenantId, caller, application: found, says: sentences, beyond: plan.beyond})
  const nothing = sentences.length === 0
  if (!nothing && !request.dryRun && !request.yes && !(await ui.confirm('Do this?', '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  const base = {tenantId, dryRun: request.dryRun, configFile: config.file}
  if (request.dryRun)
    return {
      ...base,
      application: found,
      certificate: certificate && {facts: certificate, file: request.certificate?.file ?? ''},
      changes: sentences.length,
      permissions: permissionRows(state, wanted.permissions, await useOf(deps, found?.appId)),
      beyond: plan.beyond,
    }

  const done = await carryOut(run, request, deps, {state, steps: plan.steps, wanted, certificate}, configKeys)
  const {known} = done
  const appId = known.appId ?? ''
  const proof = await proveIt(request, deps, done, run.id() !== undefined, signal)
  const after: RegistrationState = {
    graph: state.graph,
    grants:
      known.principalId === undefined
        ? state.grants
        : await registrations.grants(known.principalId, known.graphId, signal),
  }
  if (done.certificate !== undefined) warnIfSoon(done.certificate, deps)
  return {
    ...base,
    application: {appId, objectId: known.objectId ?? '', displayName: known.displayName},
    certificate: done.certificate && {facts: done.certificate, file: request.certificate?.file ?? ''},
    changes: sentences.length,
    permissions: permissionRows(after, wanted.permissions, await useOf(deps, appId), proof?.tried),
    beyond: request.prune ? [] : plan.beyond,
    proof,
    run: run.id(),
  }
}

interface Work {
  readonly state: RegistrationState
  readonly steps: readonly Step[]
  readonly wanted: Wanted
  readonly certificate: CertificateFacts | undefined
}

/** Registration first, then the settings file, then consent: what waits for somebody else comes last. */
async function carryOut(
  run: TenantRun,
  request: ConfigureRequest,
  deps: RegistrationDeps,
  {state, steps, wanted, certificate}: Work,
  configKeys: (at: Progress) => Promise<Step | undefined>,
): Promise<Progress> {
  const {registrations, caller} = deps
  const {application, principal, graph} = state
  const stepDeps = {...deps, password: request.certificate?.password}
  const start: Progress = {
    known: {
      displayName: wanted.displayName,
      graphId: graph.id,
      objectId: application?.objectId,
      appId: application?.appId,
      principalId: principal?.id,
    },
    certificate,
  }
  const first = steps.filter((step) => !isGrant(step) && step.kind !== 'revoke-role')
  let at = await applySteps(run, first, start, stepDeps).catch((error: unknown) => {
    throw roleTooLow(error, caller)
  })
  const settings = await configKeys(at)
  if (settings !== undefined) at = await applySteps(run, [settings], at, stepDeps)

  const grants = steps.filter(isGrant)
  try {
    at = await applySteps(run, grants, at, stepDeps)
  } catch (error) {
    if (!(error instanceof MfaError) || error.code !== 'GRAPH_FORBIDDEN') throw error
    // Whoever signed in may not consent: somebody else does, by hand.
    const shown = await registrations.byObjectId(at.known.objectId ?? '', run.signal)
    const reply = planRegistration(
      {...state, application: shown},
      {...wanted, certificate: undefined, replyAddress: true},
    )
    at = await applySteps(
      run,
      reply.steps.filter(({kind}) => kind === 'change-application'),
      at,
      stepDeps,
    )
    const address = registrations.consentAddress(deps.tenantId, at.known.appId ?? '')
    const about = {
      address,
      principalId: at.known.principalId ?? '',
      graphId: graph.id,
      waitMs: request.waitMs,
    }
    await waitForConsent(grants, about, deps, run.signal)
  }
  const revokes = steps.filter(({kind}) => kind === 'revoke-role')
  return applySteps(run, revokes, at, stepDeps)
}

async function proveIt(
  request: ConfigureRequest,
  deps: RegistrationDeps,
  {known}: Progress,
  changed: boolean,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const {signIn, ui, certificates, tenantId} = deps
  if (request.certificate === undefined) return undefined
  if (signIn.untried !== undefined) {
    ui.emit({type: 'warning', text: `The sign-in with the certificate was not tried: ${signIn.untried}`})
    return undefined
  }
  const certificate = await certificates.read(request.certificate.file, request.certificate.password)
  const applications = neededBy(request)
    .filter(({kind}) => kind === 'application')
    .map(({permission}) => permission)
  const granted = new Set(
    (await deps.registrations.grants(known.principalId ?? '', known.graphId, signal)).roles.map(
      ({roleId}) => roleId,
    ),
  )
  const graph = await deps.registrations.graph(signal)
  const tryable = applications.filter((name) =>
    graph.permissions.some(
      (each) => each.kind === 'application' && each.name === name && granted.has(each.id),
    ),
  )
  const identity = {tenantId, appId: known.appId ?? '', certificate}
  return prove(identity, tryable, changed ? request.consistencyMs : 0, deps, signal)
}

/** What the file says of another tenant would be lost. */
function refuseOtherTenant(
  there: Readonly<Record<string, unknown>>,
  {tenant}: ConfigureRequest,
  appId: string | undefined,
  file: string,
): void {
  const {tenant: other, clientId} = there
  if (typeof other !== 'string' || typeof clientId !== 'string') return
  if (other.toLowerCase() === tenant.toLowerCase() || clientId === appId) return
  throw new MfaError(
    'CONFIG_OTHER_TENANT',
    `${file} is set up for tenant ${other} (application ${clientId}), and this is ${tenant}; it is not overwritten.`,
    {
      exit: 'refused',
      fix:
        other === 'sandbox'
          ? `It was written in a rehearsal: delete ${file}, or keep the settings apart: --config FILE.`
          : `Keep the settings apart: --config FILE. Or remove clientId from ${file}.`,
    },
  )
}
