import {lstat} from 'node:fs/promises'
import {resolve} from 'node:path'

import {duration} from './lib/config/pace-settings.js'
import {createCampaigns} from './lib/entra/registration-campaign.js'
import {createTemporaryPasses} from './lib/entra/temporary-access-pass.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {readPolicyGroups} from './lib/migration/members.js'
import {smsVoiceEnd} from './lib/migration/rules/sms-voice.js'
import {allowedFor} from './lib/model/allowed-methods.js'
import {isoInstant} from './lib/model/iso-date.js'
import type {CampaignDeps} from './lib/readiness/campaign.js'
import type {IssueDeps, IssueRequest} from './lib/readiness/issue-passes.js'
import type {ReadinessDeps, ReadinessRequest} from './lib/readiness/readiness.js'
import {refuseUnwritable} from './lib/state/owner-files.js'
import {passSealing} from './lib/storage/seal-passes.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

export async function readinessDeps(wired: Wiring): Promise<ReadinessDeps> {
  const {graph, directory} = await wired.tenant()
  const {ui} = wired
  const scratch = await wired.scratch()
  return {
    directory,
    campaigns: createCampaigns(graph),
    passes: createTemporaryPasses(graph),
    scratch,
    ui,
    async allowed(signal) {
      const policy = await directory.methodsPolicy(signal)
      const isMember = await readPolicyGroups(policy, {directory, scratch, ui}, signal)
      return (user) => allowedFor(policy, (group) => isMember(group, user))
    },
  }
}

/** `--group` or `--all-users`, `--on`. Throws MfaError `usage` for neither, both, and a date that is none. */
export function readinessRequest(flags: Flags, wired: Wiring): ReadinessRequest {
  const group = textOf(flags['group'])
  const everybody = flags['all-users'] === true
  if (group !== undefined && everybody)
    throw usage('GROUP_AND_ALL', '--group and --all-users exclude each other', 'Give one of them.')
  if (group === undefined && !everybody)
    throw usage('MISSING_GROUP', 'whose readiness is missing', 'Give --group NAME, or --all-users.')
  const day = textOf(flags['on'])
  const on = day === undefined ? wired.clock.now().getTime() : isoInstant(day)
  if (on === undefined) throw usage('BAD_TIME', `--on: "${day}" is no date`, 'Write it like 2027-02-01.')
  return {group, on: new Date(on), phonesEnd: smsVoiceEnd(wired.settings.cloud.value)}
}

export async function campaignDeps(wired: Wiring): Promise<CampaignDeps> {
  const {graph, directory} = await wired.tenant()
  const {clock, ui} = wired
  return {campaigns: createCampaigns(graph), directory, journal: await wired.journal(), clock, ui}
}

export async function issueDeps(wired: Wiring): Promise<IssueDeps> {
  const {graph, directory} = await wired.tenant()
  const {clock, ui, files} = wired
  return {
    passes: createTemporaryPasses(graph),
    sealing: passSealing,
    directory,
    journal: await wired.journal(),
    files,
    clock,
    ui,
    now: () => graph.serviceClock.now(),
  }
}

/** Flags of `issue-tap`. Throws MfaError `usage`; a file that is there is never overwritten: it may hold the only copy of a pass. */
export async function issueRequest(flags: Flags, wired: Wiring): Promise<IssueRequest> {
  const out = resolve(textOf(flags['out']) ?? '')
  if ((await lstat(out).catch(() => undefined)) !== undefined)
    throw usage(
      'FILE_EXISTS',
      `--out: ${out} is there already`,
      'Give another name; it may hold passes that nobody can get again.',
    )
  await refuseUnwritable(out)
  const start = textOf(flags['start'])
  const startsAt = start === undefined ? undefined : isoInstant(start)
  if (start !== undefined && startsAt === undefined)
    throw usage('BAD_TIME', `--start: "${start}" is no date`, 'Write it like 2026-11-30T08:00:00Z.')
  return {
    users: [flags['user'] ?? []].flat().map(String),
    lifetimeMinutes: lifetime(textOf(flags['lifetime'])),
    isUsableOnce: typeof flags['once'] === 'boolean' ? flags['once'] : undefined,
    startsAt: startsAt === undefined ? undefined : new Date(startsAt).toISOString(),
    recipients: [flags['recipient'] ?? []].flat().map(String),
    out,
    replace: flags['replace'] === true,
    yes: flags['yes'] === true,
    consistencyMs: Number(flags['consistency'] ?? 60) * 1000,
    logFile: (await wired.log()).file,
  }
}

/** `60`, `90m`, `8h`: whole minutes. */
function lifetime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parsed = duration(/^\d+$/.test(text) ? `${text}m` : text)
  if ('problem' in parsed) throw usage('BAD_TIME', `--lifetime: ${parsed.problem}`, parsed.fix)
  const minutes = parsed.value / 60_000
  if (Number.isInteger(minutes)) return minutes
  throw usage('BAD_TIME', `--lifetime: ${text} is not in whole minutes`, 'Write it like 60m or 8h.')
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const usage = (code: Uppercase<string>, message: string, fix: string): MfaError =>
  new MfaError(code, message, {exit: 'usage', fix})
