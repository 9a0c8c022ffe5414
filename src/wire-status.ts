import {hostname, userInfo} from 'node:os'

import {MfaError} from './lib/errors/mfa-error.js'
import {smsVoiceEnd} from './lib/migration/rules/sms-voice.js'
import type {Journal, RunKind} from './lib/ports/journal.js'
import type {StatusView} from './lib/report/status-report.js'
import {attention, nextStep, stepsOf} from './lib/status/evaluate.js'
import type {StatusFacts} from './lib/status/facts.js'
import {groupFacts} from './lib/status/group-facts.js'
import {PILOT_CHECKS, type PilotAnswer, type PilotCheckId} from './lib/status/pilot-checks.js'
import {readRecorded, recordPilot, recordStep, type Told} from './lib/status/record.js'
import type {AttestedStep} from './lib/status/steps.js'
import {
  lookAtBackups,
  lookAtDependencies,
  lookAtFederation,
  lookAtRollout,
  lookAtSignIn,
} from './wire-status-facts.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** `mfa status`: what can be looked up is; the rest says why not. Throws only what concerns the settings or the state. */
export async function lookAtStatus(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<StatusView> {
  const journal = await wired.journal()
  const signIn = await lookAtSignIn(wired)
  const tenantId = signIn.tenantId ?? (await onlyTenant(journal))
  const finished = async (kind: RunKind, limit?: number) =>
    tenantId === undefined ? [] : await journal.runs({tenantId, kinds: [kind], statuses: ['finished'], limit})
  const [rolledBack] = await finished('rollback', 1)
  const recorded = tenantId === undefined ? undefined : await readRecorded(journal, tenantId)
  const [sync] = await finished('sync', 1)
  const configured = await finished('app')
  const facts: StatusFacts = {
    now: wired.clock.now(),
    tenantId,
    cloud: wired.settings.cloud.value,
    signIn: signIn.described,
    certificate: signIn.certificate,
    configuredAt: configured.find(({sourceLabel}) => sourceLabel === 'mfa app configure')?.endedAt,
    dependencies: await lookAtDependencies(flags),
    backup: await lookAtBackups(wired, flags, signal),
    groups: tenantId === undefined ? [] : await groupFacts(journal, tenantId),
    lastSync: sync === undefined ? undefined : {at: sync.endedAt ?? sync.startedAt, status: sync.status},
    pilots: recorded?.pilots ?? [],
    rollout: await lookAtRollout(wired, signIn, signal),
    federation: await lookAtFederation(wired, signIn, signal),
    rolledBackAt: rolledBack?.endedAt,
    smsVoiceEnd: smsVoiceEnd(wired.settings.cloud.value),
    attested: recorded?.attested ?? new Map(),
  }
  const steps = stepsOf(facts).map((step) => ({...step, next: pasteable(step.next, wired)}))
  return {facts, steps, next: nextStep(steps), attention: attention(facts)}
}

/** Of these, one takes no tenant: what they do is on the server, or on paper. */
const WITHOUT_TENANT = /^mfa (server (backup|verify-backup)|portal)\b/

/** The next command goes where this one went. */
function pasteable(command: string | undefined, wired: Wiring): string | undefined {
  if (command === undefined) return undefined
  const where = WITHOUT_TENANT.test(command) ? [] : ['tenant', 'cloud']
  return `${command}${wired.repeated([...where, 'config', 'state'])}`
}

/** `mfa status check`: answers of the flags; without any, the user at the terminal is asked for each. */
export async function checkPilot(
  wired: Wiring,
  user: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<{readonly user: string; readonly answers: Readonly<Partial<Record<PilotCheckId, PilotAnswer>>>}> {
  const answers = answersOf(flags)
  const name = await knownUser(wired, user, signal)
  if (Object.keys(answers).length === 0) {
    for (const {id, question} of PILOT_CHECKS) {
      const said = await wired.ui.ask(`${question} (yes, no, n/a)`, '--passed, --failed or --not-applicable')
      const answer = READ[said.trim().toLowerCase()]
      if (answer !== undefined) answers[id] = answer
    }
    if (Object.keys(answers).length === 0)
      throw new MfaError('DECLINED', 'nothing was answered, and nothing recorded', {exit: 'declined'})
  }
  const {told, deps} = await recording(wired, signal)
  await recordPilot(name, answers, noteOf(flags), told, deps, signal)
  return {user: name, answers}
}

/** As the tenant spells the name. Throws MfaError `usage` for somebody who is not there; a warning where nobody can look. */
async function knownUser(wired: Wiring, user: string, signal: AbortSignal): Promise<string> {
  try {
    const found = await (await wired.directory()).findUser(user, signal)
    if (found !== undefined) return found.userPrincipalName
  } catch (error) {
    if (!(error instanceof MfaError) || error.exit !== 'auth') throw error
    wired.ui.emit({type: 'warning', text: `${user} was not looked up in the tenant: ${error.message}`})
    return user
  }
  throw new MfaError('USER_NOT_FOUND', `there is no user ${user} in this tenant`, {
    exit: 'usage',
    fix: 'Give the user principal name, as the Entra admin center shows it; and check --tenant.',
  })
}

/** `mfa status confirm` */
export async function confirmStep(
  wired: Wiring,
  step: AttestedStep,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const {told, deps} = await recording(wired, signal)
  await recordStep(step, flags['revoke'] !== true, noteOf(flags), told, deps, signal)
}

const READ: Readonly<Record<string, PilotAnswer>> = {
  y: 'passed',
  yes: 'passed',
  n: 'failed',
  no: 'failed',
  'n/a': 'not-applicable',
  na: 'not-applicable',
}

/** Throws MfaError `usage` where one check is answered twice. */
function answersOf(flags: Flags): Partial<Record<PilotCheckId, PilotAnswer>> {
  const answers: Partial<Record<PilotCheckId, PilotAnswer>> = {}
  for (const answer of ['passed', 'failed', 'not-applicable'] as const) {
    const given = flags[answer]
    for (const check of Array.isArray(given) ? (given as PilotCheckId[]) : []) {
      if (answers[check] !== undefined && answers[check] !== answer)
        throw new MfaError('CHECK_TWICE', `--${answer} ${check}: it is also said to be ${answers[check]}`, {
          exit: 'usage',
          fix: 'Give one answer for each check.',
        })
      answers[check] = answer
    }
  }
  return answers
}

const noteOf = (flags: Flags): string | undefined =>
  typeof flags['note'] === 'string' ? flags['note'] : undefined

/** Which tenant it is about, who says so, and where it is kept. */
async function recording(wired: Wiring, signal: AbortSignal) {
  const journal = await wired.journal()
  const tenantId =
    (await lookAtSignIn(wired)).tenantId ??
    (await onlyTenant(journal)) ??
    (await (await wired.directory()).tenantId(signal))
  const told: Told = {tenantId, by: `${userInfo().username} on ${hostname()}`, logFile: wired.logFile}
  return {told, deps: {journal, clock: wired.clock}}
}

/** Where the settings do not say it and everything so far concerned one tenant. */
async function onlyTenant(journal: Journal): Promise<string | undefined> {
  const ids = new Set((await journal.runScopes()).map(({tenantId}) => tenantId))
  return ids.size === 1 ? [...ids][0] : undefined
}
