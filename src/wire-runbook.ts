import {access, readdir, readFile} from 'node:fs/promises'

import {type Answers, openDependencies} from './lib/assessment/answers.js'
import {readTopology} from './lib/config/topology-file.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {collectPlans} from './lib/migration/collect.js'
import {openPlan} from './lib/migration/plan-file.js'
import type {UserPlan} from './lib/migration/plan.js'
import {smsVoiceEnd} from './lib/migration/rules/sms-voice.js'
import type {CloudName} from './lib/model/cloud.js'
import {shellWord} from './lib/model/shell-word.js'
import type {Runbook, RunbookUser} from './lib/report/runbook-report.js'
import {type BookFlags, SERVICE_DEPENDENCIES, type ServiceDependency} from './lib/runbook/book.js'
import {CaseCounter, casesOf} from './lib/runbook/cases.js'
import {checkCatalogue, type Words, wordsOf} from './lib/runbook/catalogue.js'
import EN from './lib/runbook/languages/en.json' with {type: 'json'}
import {dateIn} from './lib/runbook/letter.js'
import {matchFlags, ruleFlags, sourceFlags} from './mfa-flags.js'
import {readAnswers} from './wire-assess.js'
import type {Wiring} from './wire.js'

export interface RunbookFlags {
  readonly plan?: string | undefined
  readonly group?: string | undefined
  readonly topology?: string | undefined
  readonly answers?: string | undefined
  readonly contact?: string | undefined
  readonly language: string
  readonly out: string
  readonly overwrite: boolean
}

/** What a plan says, from a file or made now. */
interface Planned {
  readonly tenantId: string
  readonly group: string
  readonly source: string
  readonly plannedAt: string
  readonly cloud: CloudName
  readonly plans: AsyncIterable<UserPlan>
}

/** Services that go on asking MFA Server, so that its portal still counts: RADIUS and LDAP. */
const OLD_PORTAL = new Set(['C1', 'C2', 'C3'])

/**
 * Reads all that the papers need; small files first, so that what is wrong with them shows before users are read.
 * Throws MfaError `usage` or `data`.
 */
export async function gatherRunbook(
  wired: Wiring,
  flags: RunbookFlags,
  signal: AbortSignal,
): Promise<Runbook> {
  const words = await wordsIn(flags.language)
  await refuseOverwriting(flags)
  const topology = flags.topology === undefined ? undefined : (await readTopology(flags.topology)).topology
  const answers: Answers | undefined =
    flags.answers === undefined ? undefined : await readAnswers(flags.answers)
  const planned = await plannedFor(wired, flags, signal)
  const dependencies = openDependencies(answers)
  const end = smsVoiceEnd(planned.cloud)

  const users = (await wired.scratch()).bag<RunbookUser>('runbook')
  const counter = new CaseCounter()
  for await (const plan of planned.plans) {
    signal.throwIfAborted()
    const cases = casesOf(plan, end !== undefined)
    counter.add(plan, cases)
    users.set(`${plan.userPrincipalName.toLowerCase()} ${plan.id}`, {
      ...cases,
      details: plan.findings.map(({detail}) => detail),
    })
  }
  const counts = counter.counts()
  if (flags.overwrite) await wired.files.remove(await lettersIn(`${flags.out}/letters`))
  warn(wired, flags, counts.unchangedWithoutFindings)
  return {
    counts,
    users: function* () {
      for (const [, user] of users.entries()) yield user
    },
    facts: {
      ...planned,
      words,
      smsVoiceEnd: end === undefined ? undefined : dateIn(words.language, end),
      oldPortal: dependencies.some(({id}) => OLD_PORTAL.has(id)),
      contact: flags.contact,
      flags: flagsOf(wired),
      dependencies: dependencies.flatMap(({id, state, items}) => (isService(id) ? [{id, state, items}] : [])),
      hasAnswers: answers !== undefined,
      topology,
    },
  }
}

function warn(wired: Wiring, {answers, plan}: RunbookFlags, silent: number): void {
  if (answers === undefined)
    wired.ui.emit({
      type: 'warning',
      text: 'no --answers FILE: RADIUS and LDAP count as depending on MFA Server, so letters name the old portal',
    })
  if (plan !== undefined && silent > 0)
    wired.ui.emit({
      type: 'warning',
      text: `${silent} users are unchanged since an earlier run, and the plan says nothing of them: their letters say that nothing is to be done. Make the plan with --all.`,
    })
}

/** The tenant also where a variable or the settings name it: whoever reads the paper has neither. */
function flagsOf(wired: Wiring): BookFlags {
  const {tenant} = wired.settings
  return {
    tenant: `${tenant === undefined ? '' : ` --tenant ${shellWord(tenant.value)}`}${wired.repeated(['cloud', 'state', 'config'])}`,
    reading: wired.repeated(Object.keys(sourceFlags).filter((name) => name !== 'source')),
    matching: wired.repeated(Object.keys(matchFlags)),
    rules: wired.repeated(Object.keys(ruleFlags).filter((name) => !(name in matchFlags))),
  }
}

const isService = (id: string): id is ServiceDependency =>
  (SERVICE_DEPENDENCIES as readonly string[]).includes(id)

async function plannedFor(wired: Wiring, flags: RunbookFlags, signal: AbortSignal): Promise<Planned> {
  if (flags.plan !== undefined) {
    const {header, plans} = await openPlan(flags.plan, wired.files)
    const {tenantId, group, source, createdAt: plannedAt, options} = header
    return {tenantId, group: group.displayName, source: source.label, plannedAt, cloud: options.cloud, plans}
  }
  const {source, cloud} = wired.settings
  if (flags.group === undefined || source === undefined)
    throw new MfaError(
      'MISSING_FLAG',
      `--${flags.group === undefined ? 'group' : 'source'} is missing (or --plan)`,
      {
        exit: 'usage',
        fix: 'See --help for examples.',
      },
    )
  // Users who were migrated before have findings, too: all are planned.
  const request = {...(await wired.request(flags as unknown as Record<string, unknown>)), all: true}
  const collected = await collectPlans(request, await wired.planning(), signal)
  return {
    tenantId: collected.tenantId,
    group: collected.group.displayName,
    source: source.value.label,
    plannedAt: wired.clock.now().toISOString(),
    cloud: cloud.value,
    plans: (async function* () {
      for (const [, plan] of collected.plans.entries()) yield plan
    })(),
  }
}

/** Somebody may have written into them. */
async function refuseOverwriting({out, overwrite}: RunbookFlags): Promise<void> {
  if (overwrite) return
  try {
    await access(`${out}/runbook.md`)
  } catch {
    return
  }
  throw new MfaError('RUNBOOK_EXISTS', `${out} has a runbook already, and it is not overwritten`, {
    exit: 'usage',
    fix: 'Name another folder, or add --overwrite.',
  })
}

/** Letters of an earlier, larger group must not lie among the new ones. */
async function lettersIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => /^letters-\d+\.(md|html)$/.test(name)).map((name) => `${folder}/${name}`)
}

const LANGUAGES = new URL('lib/runbook/languages/', import.meta.url)

/** Codes of the language files. */
export async function languages(): Promise<readonly string[]> {
  const names = await readdir(LANGUAGES)
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length))
}

/** Throws MfaError `usage` where there is no such file, `data` where the file is not whole. */
async function wordsIn(language: string): Promise<Words> {
  const known = await languages()
  if (!known.includes(language))
    throw new MfaError('LANGUAGE', `--language ${language}: there is ${known.join(' and ')}`, {exit: 'usage'})
  const file = `${language}.json`
  const found: unknown = JSON.parse(await readFile(new URL(file, LANGUAGES), 'utf8'))
  return wordsOf(checkCatalogue(file, found, EN))
}
