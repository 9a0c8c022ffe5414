import {access} from 'node:fs/promises'

import type {Answers} from './lib/assessment/answers.js'
import {checkAnswers} from './lib/assessment/answers-schema.js'
import {answersTemplate, type TemplateEntry} from './lib/assessment/answers-template.js'
import {assess, type AssessmentFacts} from './lib/assessment/assess.js'
import {askPeople, withGiven} from './lib/assessment/ask.js'
import {CATALOGUE} from './lib/assessment/catalogue.js'
import {type NumberCheck, type SurveyedUser, surveyUsers} from './lib/assessment/survey-users.js'
import {readAnswersFile, withAnswers} from './lib/config/answers-file.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {groupPairs} from './lib/migration/pair.js'
import {readPhone} from './lib/migration/rules/phone-number.js'
import {outlastsPhones, smsVoiceEnd} from './lib/migration/rules/sms-voice.js'
import type {EntraMethods} from './lib/model/entra-user.js'
import type {Source} from './lib/ports/source.js'
import type {Assessed} from './lib/report/assess-report.js'
import type {Wiring} from './wire.js'

export interface AssessFlags {
  readonly answers?: string | undefined
  readonly group?: string | undefined
  readonly ask?: boolean | undefined
}

/** For whoever must not go on while a dependency is open; see `openDependencies`. */
export const readAnswers = (path: string): Promise<Answers> => readAnswersFile(path, checkAnswers)

/** Reads server, answers and, where one is named, the tenant; then judges. Writes nothing but answers that were asked for. */
export async function runAssessment(
  wired: Wiring,
  flags: AssessFlags,
  signal: AbortSignal,
): Promise<Assessed> {
  const {facts, ...where} = await gather(wired, flags, signal)
  let assessment = assess(facts)
  if (flags.ask === true) {
    const given = await askPeople(assessment.findings, wired.ui)
    if (flags.answers !== undefined && Object.keys(given).length > 0)
      await wired.files.write(flags.answers, [await withAnswers(flags.answers, given)])
    assessment = assess({...facts, answers: withGiven(facts.answers, given)})
  }
  return {assessment, users: facts.users, answersFile: flags.answers, ...where}
}

async function gather(wired: Wiring, flags: AssessFlags, signal: AbortSignal) {
  const answers = flags.answers === undefined ? {} : await readAnswers(flags.answers)
  const tenantChecked = wired.settings.tenant !== undefined
  if (flags.group !== undefined && !tenantChecked)
    throw new MfaError('MISSING_FLAG', '--group needs a tenant to look the group up in', {
      exit: 'usage',
      fix: 'Add --tenant ID, or leave --group out to look at all users.',
    })
  const {adUrls} = wired.settings
  // From the command line only: a config file may hold them for other commands.
  if (flags.group === undefined && adUrls?.from.startsWith('--') === true)
    wired.ui.emit({
      type: 'warning',
      text: `${adUrls.from} is not used: without --group nobody is matched, and Active Directory is not asked.`,
    })
  const source = await wired.source()
  const {kind, label} = await source.describe(signal)
  const settings = await source.serverSettings?.(signal)
  // Before all the users are read: what is missing there shows at once.
  const policy = tenantChecked ? await (await wired.directory()).methodsPolicy(signal) : undefined
  const members = {displayName: '', members: 0, unmatched: 0}
  const people =
    flags.group === undefined
      ? everybody(source, signal)
      : ofGroup(wired, source, flags.group, members, signal)
  const scratch = await wired.scratch()
  const users = await surveyUsers(people, {check: checkWith(wired), scratch, ui: wired.ui}, signal)
  const date = smsVoiceEnd(wired.settings.cloud.value)
  const past = date !== undefined && wired.clock.now().toISOString().slice(0, 10) >= date
  const facts: AssessmentFacts = {
    settings,
    users,
    answers,
    policy,
    smsVoiceEnd: {date, past},
    entraRead: flags.group !== undefined,
  }
  return {facts, source: {kind, label}, group: flags.group === undefined ? undefined : members, tenantChecked}
}

async function* everybody(source: Source, signal: AbortSignal): AsyncIterable<SurveyedUser> {
  for await (const _ of source.identities(signal)) signal.throwIfAborted()
  for await (const server of source.users(signal)) yield {server}
}

/** Server users of the group's members, with what they have in Entra; members without one are counted. */
async function* ofGroup(
  wired: Wiring,
  source: Source,
  group: string,
  seen: {displayName: string; members: number; unmatched: number},
  signal: AbortSignal,
): AsyncIterable<SurveyedUser> {
  const request = await wired.request({group})
  const deps = {
    source,
    lookup: await wired.lookup(),
    directory: await wired.directory(),
    scratch: await wired.scratch(),
    clock: wired.clock,
    ui: wired.ui,
  }
  for await (const {group: found, pairs} of groupPairs(request, true, deps, signal)) {
    seen.displayName = found.displayName
    for (const {server, methods} of pairs) {
      seen.members++
      if (server === undefined) seen.unmatched++
      else yield {server, entra: methods && inEntra(methods)}
    }
  }
}

const inEntra = (methods: EntraMethods) => ({
  phone: methods.phones.length > 0,
  stronger: outlastsPhones(methods) || methods.hardwareOath.some(({status}) => status === 'activated'),
})

/** Rule P4 */
function checkWith(wired: Wiring): NumberCheck {
  const country = wired.settings.defaultCountry?.value
  return (phone) => {
    const reading = readPhone(phone, country)
    if (reading.kind === 'none') return 'none'
    if (reading.kind === 'number') return 'dialable'
    return reading.code === 'phone-invalid' ? 'number-impossible' : 'country-unknown'
  }
}

/**
 * `--init`: a new answers file with every question that the source does not answer by itself, and with what was found, to
 * be marked as done; without a source with all questions. Throws MfaError `usage` if the file is there already.
 */
export async function initAnswers(
  wired: Wiring,
  path: string,
  flags: AssessFlags,
  signal: AbortSignal,
): Promise<{
  readonly answersFile: string
  readonly questions: readonly string[]
  readonly found: readonly string[]
}> {
  if (await isThere(path))
    throw new MfaError('ANSWERS_EXIST', `${path} is there already, and is not overwritten`, {
      exit: 'usage',
      fix: 'Name another file, or leave --init out to use this one.',
    })
  const entries = await entriesOf(wired, flags, signal)
  await wired.files.write(path, [answersTemplate(entries)])
  const ids = (wanted: boolean) =>
    entries.filter(({found}) => (found !== undefined) === wanted).map(({id}) => id)
  return {answersFile: path, questions: ids(false), found: ids(true)}
}

async function entriesOf(
  wired: Wiring,
  flags: AssessFlags,
  signal: AbortSignal,
): Promise<readonly TemplateEntry[]> {
  const asked = CATALOGUE.filter(({question}) => question !== undefined)
  if (wired.settings.source === undefined) return asked
  const {facts} = await gather(wired, {...flags, answers: undefined}, signal)
  const findings = new Map(assess(facts).findings.map((one) => [one.id, one]))
  return asked.flatMap(({id}) => {
    const one = findings.get(id)
    if (one?.state === 'unanswered') return [{id}]
    return one?.state === 'open' ? [{id, found: one.evidence}] : []
  })
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
