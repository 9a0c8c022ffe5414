import {stat} from 'node:fs/promises'
import {dirname, resolve} from 'node:path'

import {openDependencies} from './lib/assessment/answers.js'
import {listBackups, newestGood} from './lib/backup/list-backups.js'
import {createFederations} from './lib/entra/federation.js'
import {createRolloutGroups} from './lib/entra/rollout-groups.js'
import {createRolloutPolicies, refuseWithoutRollout} from './lib/entra/rollout.js'
import {errorCode} from './lib/errors/error-code.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {MFA_FEATURE} from './lib/ports/rollout.js'
import {wavePlans} from './lib/rollout/wave-plans.js'
import {type Fact, known, type StatusFacts, type WavesFact} from './lib/status/facts.js'
import {backupDeps} from './wire-backup.js'
import {isEmbedded} from './wire-tenant.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** Where `mfa server assess` puts the answers unless told. */
const ANSWERS = 'mfa.answers.yaml'

export interface SignInFact {
  readonly described: StatusFacts['signIn']
  readonly certificate: StatusFacts['certificate']
  /** As far as it is known without asking anybody. */
  readonly tenantId: string | undefined
}

/** How commands would sign in; a certificate that cannot be read is said, and nothing is thrown. */
export async function lookAtSignIn(wired: Wiring): Promise<SignInFact> {
  const {settings} = wired
  if (isEmbedded(settings)) {
    const tenantId = await (await wired.tenant()).directory.tenantId(new AbortController().signal)
    return {described: {kind: 'sandbox'}, certificate: undefined, tenantId}
  }
  const {signInStatus} = await import('./lib/entra/auth/sign-in-status.js')
  try {
    const {kind, account, tenantId, certificate, usable} = await signInStatus(settings, wired.signInDeps())
    const tenant = settings.tenant?.value
    const id = tenantId ?? (tenant !== undefined && /^[0-9a-f-]{36}$/.test(tenant) ? tenant : undefined)
    return {described: {kind: usable ? kind : 'none', account}, certificate, tenantId: id}
  } catch (error) {
    wired.ui.emit({type: 'warning', text: said(error)})
    return {described: {kind: 'none'}, certificate: undefined, tenantId: undefined}
  }
}

/** C1–C6 in the answers file that is named, or in the one of this folder. Throws MfaError `data` where it is wrong. */
export async function lookAtDependencies(flags: Flags): Promise<StatusFacts['dependencies']> {
  const named = flags['answers']
  const file = resolve(typeof named === 'string' ? named : ANSWERS)
  const at = await changedAt(file)
  if (at === undefined && typeof named !== 'string')
    return {known: false, why: `there is no answers file ${ANSWERS} in this folder`}
  const {readAnswers} = await import('./wire-assess.js')
  const open = openDependencies(await readAnswers(file)).map(({id}) => id)
  return known({file: typeof named === 'string' ? named : ANSWERS, at: at ?? '', open})
}

/** The folder that is named, or the one that the last backup of this state went to is not known: then nothing was looked at. */
export async function lookAtBackups(
  wired: Wiring,
  flags: Flags,
  signal: AbortSignal,
): Promise<StatusFacts['backup']> {
  const folder = flags['backups']
  if (typeof folder !== 'string') return {known: false, why: 'no --backups FOLDER was named'}
  const newest = newestGood(await listBackups(resolve(folder), backupDeps(wired), signal))
  if (newest === undefined) return known(undefined)
  const {name, folder: path, madeAt, verifiedAt} = newest
  return known({
    name: dirname(path) === resolve(folder) ? `${folder}/${name}` : path,
    madeAt: madeAt ?? '',
    verifiedAt: verifiedAt ?? undefined,
  })
}

/** Only people may read it. */
export async function lookAtRollout(
  wired: Wiring,
  signIn: SignInFact,
  signal: AbortSignal,
): Promise<StatusFacts['rollout']> {
  return looked(signIn, 'mfa auth login', async () => {
    refuseWithoutRollout(wired.settings.cloud.value)
    const {graph} = await wired.personTenant()
    const policies = await createRolloutPolicies(graph).list(signal)
    const policy = policies.find(({feature}) => feature === MFA_FEATURE)
    if (policy === undefined) return undefined
    return {
      isEnabled: policy.isEnabled,
      groups: policy.groups.map(({displayName}) => displayName),
      waves: await lookAtWaves(wired, signal),
    }
  })
}

async function lookAtWaves(wired: Wiring, signal: AbortSignal): Promise<readonly WavesFact[]> {
  const {graph, directory} = await wired.tenant()
  const plans = await wavePlans(await wired.journal(), await directory.tenantId(signal))
  const facts: WavesFact[] = []
  for (const {source, waves, isUnderPolicy, isEnded} of plans) {
    if (!isUnderPolicy || isEnded) continue
    const placed = waves.reduce((sum, wave) => sum + wave.placed, 0)
    const now = await createRolloutGroups(graph).countMembers(source.id, signal)
    facts.push({source: source.displayName, waves: waves.length, placed, left: Math.max(0, now - placed)})
  }
  return facts
}

export async function lookAtFederation(
  wired: Wiring,
  signIn: SignInFact,
  signal: AbortSignal,
): Promise<StatusFacts['federation']> {
  return looked(signIn, 'mfa app grant --with federation', async () => {
    const {graph} = await wired.tenant()
    const domains = await createFederations(graph).domains(signal)
    return domains
      .filter(({federationId}) => federationId !== undefined)
      .map(({domain, behavior}) => ({domain, federatedIdpMfaBehavior: behavior}))
  })
}

/** What the tenant does not let us see is said; what ends the command (Ctrl-C) is thrown. */
async function looked<T>(signIn: SignInFact, fix: string, look: () => Promise<T>): Promise<Fact<T>> {
  if (signIn.described.kind === 'none') return {known: false, why: 'not signed in', fix: 'mfa auth login'}
  try {
    return known(await look())
  } catch (error) {
    if (!(error instanceof MfaError) || error.exit === 'interrupted') throw error
    return {known: false, why: said(error), fix: error.exit === 'auth' ? fix : undefined}
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function changedAt(file: string): Promise<string | undefined> {
  try {
    return (await stat(file)).mtime.toISOString()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
