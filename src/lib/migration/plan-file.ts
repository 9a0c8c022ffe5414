import {jsonFault} from '../model/json-fault.js'
import type {Files} from '../ports/files.js'
import {brokenPlan} from './broken-plan.js'
import type {Collected} from './collect.js'
import type {PlanHeader, UserPlan} from './plan.js'
import type {MigrationRequest} from './request.js'

/** What a plan file says, its users still to be streamed. */
export interface OpenedPlan {
  readonly header: PlanHeader
  readonly plans: AsyncIterable<UserPlan>
}

export function planHeader(
  request: MigrationRequest,
  collected: Collected,
  sourceLabel: string,
  createdAt: string,
): PlanHeader {
  return {
    schemaVersion: 1,
    kind: 'mfa-plan',
    createdAt,
    tenantId: collected.tenantId,
    group: {id: collected.group.id, displayName: collected.group.displayName},
    users: request.users,
    source: {label: sourceLabel, fingerprint: collected.sourceFingerprint},
    options: request.options,
    match: request.match,
    mapping: request.mapping,
    all: request.all,
  }
}

/** One JSON object with one user a line, so that it can be read and written in flat memory. */
export function* planText(
  header: PlanHeader,
  plans: Iterable<readonly [string, UserPlan]>,
): Iterable<string> {
  yield `${JSON.stringify(header).slice(0, -1)},"plans":[\n`
  let first = true
  for (const [, plan] of plans) {
    yield `${first ? '' : ',\n'}${JSON.stringify(plan)}`
    first = false
  }
  yield '\n]}\n'
}

/**
 * Reads a saved plan, also one that an editor laid out anew. What it says is only ever compared with a fresh plan, never
 * executed. `plans` may be gone through once or more. Throws MfaError `data` with file, line and field.
 */
export async function openPlan(path: string, files: Files): Promise<OpenedPlan> {
  const {checkHeader, checkPlan} = await import('./plan-schema.js')
  const head = (await firstLine(path, files)).replace(/^\uFEFF/, '').trimEnd()
  if (head.endsWith('"plans":[')) {
    const header = checkHeader(place(path, 1), parse(path, 1, `${head}]}`))
    return {header, plans: {[Symbol.asyncIterator]: () => streamed(path, files, checkPlan)}}
  }
  const whole = parse(path, 1, await wholeText(path, files))
  const header = checkHeader(path, whole)
  const plans = (whole as {readonly plans?: unknown}).plans
  if (!Array.isArray(plans)) throw brokenPlan(path, 'field plans: is missing')
  const checked = plans.map((plan, index) => checkPlan(`${path}, plans.${index}`, plan))
  return {header, plans: {[Symbol.asyncIterator]: () => each(checked)}}
}

async function firstLine(path: string, files: Files): Promise<string> {
  for await (const line of files.lines(path)) return line
  throw brokenPlan(path, 'is empty')
}

async function* streamed(
  path: string,
  files: Files,
  check: (where: string, value: unknown) => UserPlan,
): AsyncGenerator<UserPlan> {
  let at = 0
  for await (const line of files.lines(path)) {
    at += 1
    const text = line.trim()
    if (text === ']}') return
    if (at > 1 && text !== '') yield check(place(path, at), parse(path, at, text.replace(/,$/, '')))
  }
  throw brokenPlan(place(path, at + 1), 'the file ends before the plan does')
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function wholeText(path: string, files: Files): Promise<string> {
  const lines: string[] = []
  for await (const line of files.lines(path)) lines.push(line)
  return lines.join('\n').replace(/^\uFEFF/, '')
}

function parse(path: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // V8's message quotes the text, so only the place is said (R5).
    const at = jsonFault(text) ?? {line: 1, column: 1}
    throw brokenPlan(`${place(path, line + at.line - 1)}, column ${at.column}`, 'is not JSON')
  }
}

const place = (path: string, line: number): string => `${path}, line ${line}`
