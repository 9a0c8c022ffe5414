import {z} from 'zod'

import {MfaError} from '../errors/mfa-error.js'
import type {Files} from '../ports/files.js'
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

const pairs = z.object({userPrincipalName: z.string(), username: z.string(), line: z.number()})

const headerSchema = z.object({
  schemaVersion: z.literal(1, 'is not 1: the plan was written by another version of mfa'),
  kind: z.literal('mfa-plan', 'is not "mfa-plan": this is not a plan of mfa'),
  createdAt: z.string(),
  tenantId: z.string(),
  group: z.object({id: z.string(), displayName: z.string()}),
  users: z.array(z.string()).optional(),
  source: z.object({label: z.string(), fingerprint: z.string()}),
  options: z.looseObject({
    defaultMethod: z.enum(['always', 'if-unset', 'most-secure']),
    phones: z.enum(['safe', 'replace', 'keep']),
    appCodes: z.enum(['carry', 'skip']),
    smsSignIn: z.enum(['prevent', 'allow']),
    promoteBackup: z.boolean(),
    includeDisabled: z.boolean(),
    defaultCountry: z.string().optional(),
    cloud: z.enum(['global', 'usgov', 'usgovdod', 'china']),
  }),
  match: z.object({defaultDomain: z.string().optional(), netbios: z.record(z.string(), z.string())}),
  mapping: z.array(pairs),
  all: z.boolean(),
})

const planSchema = z.looseObject({
  id: z.string(),
  userPrincipalName: z.string(),
  outcome: z.enum(['migrate', 'unchanged', 'unmatched', 'disabled', 'failed']),
  actions: z.array(z.looseObject({id: z.string(), kind: z.string(), rule: z.string(), item: z.string()})),
  alreadyThere: z.array(z.looseObject({item: z.string(), rule: z.string(), target: z.string()})),
  findings: z.array(
    z.looseObject({code: z.string(), rule: z.string(), item: z.string(), detail: z.string()}),
  ),
  smsOrVoiceOnly: z.boolean(),
})

/**
 * Reads a saved plan, also one that an editor laid out anew. What it says is only ever compared with a fresh plan, never
 * executed. Throws MfaError `data` with file, line and field.
 */
export async function openPlan(path: string, files: Files): Promise<OpenedPlan> {
  const lines = files.lines(path)[Symbol.asyncIterator]()
  const first = await lines.next()
  const head = first.done === true ? '' : first.value
  if (!head.endsWith('"plans":[')) return openWhole(path, head, lines)
  const header = checkHeader(path, parse(path, 1, `${head}]}`))
  return {header, plans: streamed(path, lines)}
}

async function* streamed(path: string, lines: AsyncIterator<string>): AsyncIterable<UserPlan> {
  for (let line = 2; ; line++) {
    const next = await lines.next()
    if (next.done === true) throw broken(path, line, 'the file ends before the plan does')
    if (next.value === ']}') return
    if (next.value.trim() !== '') yield checkPlan(path, line, parse(path, line, next.value.replace(/,$/, '')))
  }
}

async function openWhole(path: string, head: string, rest: AsyncIterator<string>): Promise<OpenedPlan> {
  const text = [head]
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) text.push(next.value)
  const whole = parse(path, 1, text.join('\n')) as {plans?: unknown}
  const header = checkHeader(path, whole)
  if (!Array.isArray(whole.plans)) throw broken(path, 1, 'field plans: is missing')
  const plans = whole.plans as readonly unknown[]
  return {
    header,
    plans: (async function* () {
      for (const [index, plan] of plans.entries()) yield checkPlan(path, index, plan)
    })(),
  }
}

function parse(path: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw broken(path, line, `is not JSON (${cause instanceof Error ? cause.message : String(cause)})`)
  }
}

function checkHeader(path: string, value: unknown): PlanHeader {
  const result = headerSchema.safeParse(value)
  if (!result.success) throw broken(path, 1, issues(result.error))
  return result.data as unknown as PlanHeader
}

function checkPlan(path: string, line: number, value: unknown): UserPlan {
  const result = planSchema.safeParse(value)
  if (!result.success) throw broken(path, line, issues(result.error))
  return value as UserPlan
}

const issues = (error: z.ZodError): string =>
  error.issues.map((issue) => `field ${issue.path.join('.') || '(whole)'}: ${issue.message}`).join('; ')

const broken = (path: string, line: number, what: string): MfaError =>
  new MfaError('PLAN_INVALID', `${path}, line ${line}: ${what}`, {
    exit: 'data',
    fix: 'Make the plan again: mfa migrate … --dry-run --out plan.json',
  })
