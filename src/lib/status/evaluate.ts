import {countOf} from '../model/count-of.js'
import type {StatusFacts} from './facts.js'
import {failures, isComplete, PILOT_CHECK_IDS} from './pilot-checks.js'
import {ATTESTED, type Evidence, type StepId, type StepState, type StepStatus, STEPS} from './steps.js'
import {shellWord} from '../model/shell-word.js'

const DAY_MS = 86_400_000
/** A run is named by its first letters. */
const SHORT_ID = 10
/** A backup older than this, or a certificate that ends sooner, is warned of. */
const SOON_DAYS = 30

interface Judged {
  readonly state: StepState
  readonly evidence: readonly Evidence[]
  readonly next?: string | undefined
}

const onRecord = (what: string): readonly Evidence[] => [{what, by: 'journal'}]
const NOT_CONFIRMED: Judged = {state: 'open', evidence: onRecord('nobody has confirmed it')}

const REJECT = 'rejectMfaByFederatedIdp'

const judge: Readonly<Record<StepId, (facts: StatusFacts) => Judged>> = {
  assess({dependencies}) {
    const next = 'mfa server assess --source WHERE --answers mfa.answers.yaml'
    if (!dependencies.known) return {state: 'open', evidence: notSeen(dependencies.why), next}
    const {file, at, open} = dependencies.value
    const what = open.length === 0 ? `${file}: no dependency is open` : `${file}: open are ${open.join(', ')}`
    return {state: 'done', evidence: [{what, at, by: 'answers file'}]}
  },

  'back-up'({backup}) {
    const next = 'mfa server backup --data FOLDER --to FOLDER'
    if (!backup.known) return {state: 'open', evidence: notSeen(backup.why), next}
    if (backup.value === undefined) return {state: 'open', evidence: notSeen('there is no good backup'), next}
    const {name, madeAt, verifiedAt} = backup.value
    const made = {what: `backup ${name}`, at: madeAt, by: 'backup folder'}
    if (verifiedAt === undefined)
      return {state: 'partly', evidence: [made], next: `mfa server verify-backup ${name}`}
    return {state: 'done', evidence: [made, {what: 'verified', at: verifiedAt, by: 'backup folder'}]}
  },

  upgrade: () => ({
    state: 'optional',
    evidence: [{what: 'mfa needs no update of the server; Microsoft’s own utility does', by: 'mfa'}],
  }),

  configure({signIn, certificate, configuredAt}) {
    const next = 'mfa app configure'
    const made =
      configuredAt === undefined ? [] : [{what: 'mfa app configure', at: configuredAt, by: 'journal'}]
    if (signIn.kind === 'none') return {state: 'open', evidence: made, next}
    const how = {what: `signs in by ${signIn.kind.replaceAll('-', ' ')}`, by: 'this machine'}
    const until =
      certificate === undefined
        ? []
        : [{what: `certificate until ${certificate.notAfter.slice(0, 10)}`, by: 'this machine'}]
    const lasting = ['certificate', 'federated-token', 'managed-identity', 'sandbox'].includes(signIn.kind)
    return {
      state: lasting ? 'done' : 'partly',
      evidence: [...made, how, ...until],
      next: lasting ? undefined : next,
    }
  },

  migrate({groups}) {
    const next = 'mfa migrate --group NAME --source WHERE --dry-run'
    if (groups.length === 0) return {state: 'open', evidence: onRecord('no run is on record'), next}
    const left = groups.find((group) => !group.finished || group.failed + group.partly > 0)
    const back = groups.find((group) => group.putBack > 0)
    const nobody = back !== undefined && groups.every(({migrated}) => migrated === 0)
    return {
      state: nobody ? 'open' : left === undefined && back === undefined ? 'done' : 'partly',
      evidence: groups.map((group) => ({
        what: `"${group.displayName}": ${group.migrated} of ${countOf(group.users, 'user')} migrated${rest(group)}`,
        at: group.at,
        by: `run ${group.run.slice(0, SHORT_ID)}`,
      })),
      next:
        left !== undefined
          ? `mfa migrate --retry ${left.run} --source WHERE`
          : back && `mfa migrate --group ${shellWord(back.displayName)} --source WHERE --dry-run`,
    }
  },

  pilot({pilots}) {
    const next = 'mfa status check UPN'
    if (pilots.length === 0) return {state: 'open', evidence: onRecord('no pilot user was checked'), next}
    const complete = pilots.filter(isComplete)
    const failed = pilots.filter((pilot) => failures(pilot).length > 0)
    return {
      state: complete.length > 0 && failed.length === 0 ? 'done' : 'partly',
      evidence: pilots.map((pilot) => ({
        what: `${pilot.userPrincipalName}: ${told(pilot.answers)}`,
        at: pilot.at,
        by: 'journal',
      })),
      next: complete.length > 0 && failed.length === 0 ? undefined : next,
    }
  },

  rollout({rollout, federation, now}) {
    const next = 'mfa rollout check --group NAME'
    if (federation.known && federation.value.length > 0 && federation.value.every(isRejecting))
      return {
        state: 'done',
        evidence: [seen('no longer needed: no federated domain is asked for MFA', now)],
      }
    if (!rollout.known) return {state: 'unknown', evidence: notSeen(rollout.why), next: rollout.fix}
    const policy = rollout.value
    if (policy === undefined) return {state: 'open', evidence: [seen('there is no policy', now)], next}
    const names = policy.groups.map((name) => `"${name}"`).join(', ')
    const what = `policy ${policy.isEnabled ? 'on' : 'off'}, ${countOf(policy.groups.length, 'group')}${names === '' ? '' : `: ${names}`}`
    const waves = policy.waves.map(({source, waves: begun, placed, left}) => ({
      what: `waves out of "${source}": ${begun} so far with ${countOf(placed, 'user')}, ${countOf(left, 'user')} left`,
      by: 'journal',
    }))
    const evidence = [seen(what, now), ...waves]
    if (!policy.isEnabled || policy.groups.length === 0) return {state: 'partly', evidence, next}
    return policy.waves.some(({left}) => left > 0)
      ? {state: 'partly', evidence, next: 'mfa rollout advance'}
      : {state: 'done', evidence}
  },

  inform: () => NOT_CONFIRMED,

  complete({groups}) {
    const leftOf = ({users, migrated, nothingToCarry}: (typeof groups)[number]) =>
      users - migrated - nothingToCarry
    const open = groups.filter((group) => !group.finished || leftOf(group) > 0)
    if (groups.length === 0) return {state: 'open', evidence: onRecord('no run is on record')}
    const what =
      open.length === 0
        ? 'nobody is left in the groups that were migrated'
        : `left: ${open.map((group) => `${leftOf(group)} of "${group.displayName}"`).join(', ')}`
    return {state: 'partly', evidence: [{what, by: 'journal'}]}
  },

  dependencies({dependencies}) {
    const next = 'mfa server assess --source WHERE --answers mfa.answers.yaml'
    if (!dependencies.known) return {state: 'unknown', evidence: notSeen(dependencies.why), next}
    const {file, at, open} = dependencies.value
    const what = open.length === 0 ? 'none is open' : `open: ${open.join(', ')}`
    return {
      state: open.length === 0 ? 'done' : 'open',
      evidence: [{what: `${file}: ${what}`, at, by: 'answers file'}],
      next: open.length === 0 ? undefined : next,
    }
  },

  federation({federation, now}) {
    const next = 'mfa federation set reject --domain DOMAIN'
    if (!federation.known) return {state: 'unknown', evidence: notSeen(federation.why), next: federation.fix}
    const domains = federation.value
    if (domains.length === 0)
      return {state: 'done', evidence: [seen('the tenant has no federated domain', now)]}
    const rejecting = domains.filter(isRejecting)
    const open = domains.find((domain) => !isRejecting(domain))
    return {
      state: open === undefined ? 'done' : rejecting.length > 0 ? 'partly' : 'open',
      evidence: domains.map(({domain, federatedIdpMfaBehavior}) =>
        seen(`${domain}: ${federatedIdpMfaBehavior ?? 'never set'}`, now),
      ),
      next: open === undefined ? undefined : next.replace('DOMAIN', open.domain),
    }
  },

  portal: () => ({...NOT_CONFIRMED, next: 'mfa portal redirect'}),

  decommission: () => NOT_CONFIRMED,
}

/** Every step of the guide: how it stands, how we know, and how to go on. What a person attested counts as done. */
export function stepsOf(facts: StatusFacts): readonly StepStatus[] {
  return STEPS.map(({id, phase, title}) => {
    const judged = judge[id](facts)
    const attestable = ATTESTED.find((step) => step === id)
    const said = attestable === undefined ? undefined : facts.attested.get(attestable)
    if (said !== undefined && judged.state !== 'done') {
      const note = said.note === undefined ? '' : `: ${said.note}`
      const before = judged.evidence === NOT_CONFIRMED.evidence ? [] : judged.evidence
      const evidence = [...before, {what: `confirmed${note}`, at: said.at, by: said.by}]
      return {id, phase, title, state: 'done', evidence}
    }
    const confirm = attestable === undefined ? undefined : `mfa status confirm ${id}`
    const next = judged.next ?? (judged.state === 'done' || judged.state === 'optional' ? undefined : confirm)
    return {id, phase, title, ...judged, next}
  })
}

/** The first step in the guide's order that is neither done nor optional. */
export function nextStep(steps: readonly StepStatus[]): StepStatus | undefined {
  return steps.find(({state}) => state !== 'done' && state !== 'optional')
}

/** What needs attention whatever the phase. */
export function attention(facts: StatusFacts): readonly string[] {
  const {certificate, backup, groups, smsVoiceEnd, pilots, lastSync, rolledBackAt} = facts
  const warnings: string[] = []
  const days = (iso: string) => Math.floor((Date.parse(iso) - facts.now.getTime()) / DAY_MS)
  if (certificate !== undefined && days(certificate.notAfter) < SOON_DAYS)
    warnings.push(
      days(certificate.notAfter) < 0
        ? `the client certificate expired on ${certificate.notAfter.slice(0, 10)}: mfa app certificate rotate`
        : `the client certificate ends in ${countOf(days(certificate.notAfter), 'day')}: mfa app certificate rotate`,
    )
  if (backup.known && backup.value !== undefined && -days(backup.value.madeAt) > SOON_DAYS)
    warnings.push(
      `the backup is ${countOf(-days(backup.value.madeAt), 'day')} old; what changed on the server since is not in it: mfa server backup`,
    )
  const phoneOnly = groups.reduce((sum, group) => sum + group.smsOrVoiceOnly, 0)
  if (smsVoiceEnd !== undefined && phoneOnly > 0)
    warnings.push(
      `${countOf(phoneOnly, 'user')} will have SMS or voice only, which end ${
        days(smsVoiceEnd) < 0
          ? `on ${smsVoiceEnd}, which is past`
          : `in ${countOf(days(smsVoiceEnd), 'day')} (${smsVoiceEnd})`
      }`,
    )
  for (const pilot of pilots)
    if (failures(pilot).length > 0)
      warnings.push(`pilot ${pilot.userPrincipalName} failed: ${failures(pilot).join(', ')}`)
  if (lastSync !== undefined && -days(lastSync.at) > 1)
    warnings.push(`the last synchronisation is ${countOf(-days(lastSync.at), 'day')} old: mfa sync once`)
  if (rolledBackAt !== undefined)
    warnings.push(`sign-ins were sent back on-premises on ${rolledBackAt.slice(0, 10)}`)
  return warnings
}

const isRejecting = ({federatedIdpMfaBehavior}: {readonly federatedIdpMfaBehavior: string | null}) =>
  federatedIdpMfaBehavior === REJECT

const notSeen = (why: string): readonly Evidence[] => [{what: why, by: 'not seen'}]

const seen = (what: string, now: Date): Evidence => ({
  what,
  at: now.toISOString(),
  by: 'Microsoft Graph',
})

function rest(group: StatusFacts['groups'][number]): string {
  const parts = (['partly', 'failed', 'unmatched', 'disabled'] as const)
    .filter((name) => group[name] > 0)
    .map((name) => `, ${group[name]} ${name}`)
  if (group.putBack > 0) parts.push(`, ${group.putBack} put back`)
  if (group.nothingToCarry > 0) parts.push(`, ${group.nothingToCarry} with nothing to carry over`)
  return `${parts.join('')}${group.finished ? '' : '; the run did not end'}`
}

function told(answers: StatusFacts['pilots'][number]['answers']): string {
  const count = (answer: string) => PILOT_CHECK_IDS.filter((id) => answers[id] === answer).length
  const parts = [`${count('passed')} passed`]
  if (count('failed') > 0) parts.push(`${count('failed')} failed`)
  if (count('not-applicable') > 0) parts.push(`${count('not-applicable')} not applicable`)
  const open = PILOT_CHECK_IDS.filter((id) => answers[id] === undefined).length
  if (open > 0) parts.push(`${open} not tried`)
  return parts.join(', ')
}
