import {access} from 'node:fs/promises'

import {type Answers} from './lib/assessment/answers.js'
import {checkAnswers} from './lib/assessment/answers-schema.js'
import {answersTemplate} from './lib/assessment/answers-template.js'
import {assess, type AssessmentFacts} from './lib/assessment/assess.js'
import {CATALOGUE, DEPENDENCY_IDS, type DependencyId} from './lib/assessment/catalogue.js'
import {type NumberCheck, surveyUsers} from './lib/assessment/survey-users.js'
import {readAnswersFile, withAnswers} from './lib/config/answers-file.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {groupPairs} from './lib/migration/pair.js'
import {readPhone} from './lib/migration/rules/phone-number.js'
import {smsVoiceEnd} from './lib/migration/rules/sms-voice.js'
import type {ServerUser} from './lib/model/server-user.js'
import type {Source} from './lib/ports/source.js'
import type {Ui} from './lib/ports/ui.js'
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
    assessment = assess({...facts, answers: merged(facts.answers, given)})
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
  const facts: AssessmentFacts = {settings, users, answers, policy, smsVoiceEnd: {date, past}}
  return {facts, source: {kind, label}, group: flags.group === undefined ? undefined : members, tenantChecked}
}

async function* everybody(source: Source, signal: AbortSignal): AsyncIterable<ServerUser> {
  for await (const _ of source.identities(signal)) signal.throwIfAborted()
  yield* source.users(signal)
}

/** Server users of the group's members; members without one are counted. */
async function* ofGroup(
  wired: Wiring,
  source: Source,
  group: string,
  seen: {displayName: string; members: number; unmatched: number},
  signal: AbortSignal,
): AsyncIterable<ServerUser> {
  const request = await wired.request({group})
  const deps = {
    source,
    lookup: await wired.lookup(),
    directory: await wired.directory(),
    scratch: await wired.scratch(),
    clock: wired.clock,
    ui: wired.ui,
  }
  for await (const {group: found, pairs} of groupPairs(request, false, deps, signal)) {
    seen.displayName = found.displayName
    for (const {server} of pairs) {
      seen.members++
      if (server === undefined) seen.unmatched++
      else yield server
    }
  }
}

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

type Given = Readonly<Partial<Record<DependencyId, 'yes' | 'no'>>>

/** Asks what is not answered yet. An empty answer leaves it so. */
async function askPeople(
  findings: readonly {readonly id: string; readonly question?: string | undefined}[],
  ui: Ui,
): Promise<Given> {
  const given: Partial<Record<DependencyId, 'yes' | 'no'>> = {}
  for (const {id, question} of findings) {
    const known = DEPENDENCY_IDS.find((each) => each === id)
    if (known === undefined || question === undefined) continue
    for (;;) {
      const text = await ui.ask(`${id} ${question} yes, no, or nothing if you do not know`, '--answers')
      const word = text.trim().toLowerCase()
      if (word === 'yes' || word === 'y') given[known] = 'yes'
      else if (word === 'no' || word === 'n') given[known] = 'no'
      else if (word !== '' && word !== 'unknown') continue
      break
    }
  }
  return given
}

function merged(answers: Answers, given: Given): Answers {
  const all: Partial<Record<DependencyId, Answers[DependencyId]>> = {...answers}
  for (const id of DEPENDENCY_IDS) {
    const answer = given[id]
    if (answer !== undefined) all[id] = {...answers[id], answer}
  }
  return all as Answers
}

/**
 * `--init`: a new answers file with every question that the source does not answer by itself; without a source with all
 * of them. Throws MfaError `usage` if the file is there already.
 */
export async function initAnswers(
  wired: Wiring,
  path: string,
  flags: AssessFlags,
  signal: AbortSignal,
): Promise<{readonly answersFile: string; readonly questions: readonly DependencyId[]}> {
  if (await isThere(path))
    throw new MfaError('ANSWERS_EXIST', `${path} is there already, and is not overwritten`, {
      exit: 'usage',
      fix: 'Name another file, or leave --init out to use this one.',
    })
  const questions = await openQuestions(wired, flags, signal)
  await wired.files.write(path, [answersTemplate(questions)])
  return {answersFile: path, questions}
}

async function openQuestions(
  wired: Wiring,
  flags: AssessFlags,
  signal: AbortSignal,
): Promise<readonly DependencyId[]> {
  const asked = CATALOGUE.filter(({question}) => question !== undefined).map(({id}) => id)
  if (wired.settings.source === undefined) return asked
  const {facts} = await gather(wired, {...flags, answers: undefined}, signal)
  const open = new Set(
    assess(facts)
      .findings.filter(({state}) => state === 'unanswered')
      .map(({id}) => id),
  )
  return asked.filter((id) => open.has(id))
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
