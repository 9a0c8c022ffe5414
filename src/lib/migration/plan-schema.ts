import {z} from 'zod'

import {brokenPlan} from './broken-plan.js'
import type {PlanHeader, UserPlan} from './plan.js'

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
  match: z.object({
    defaultDomain: z.string().optional(),
    netbios: z.record(z.string(), z.string()),
    directoryAttribute: z.string().optional(),
  }),
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

/** Throws MfaError `data` that names every field at fault, after `where`. */
export function checkHeader(where: string, value: unknown): PlanHeader {
  const result = headerSchema.safeParse(value)
  if (!result.success) throw brokenPlan(where, issues(result.error))
  return result.data as unknown as PlanHeader
}

/** As `checkHeader`. */
export function checkPlan(where: string, value: unknown): UserPlan {
  const result = planSchema.safeParse(value)
  if (!result.success) throw brokenPlan(where, issues(result.error))
  return value as UserPlan
}

const issues = (error: z.ZodError): string =>
  error.issues
    .map((issue) => `field ${issue.path.join('.') || '(whole)'}: ${plain(issue.message)}`)
    .join('; ')

const plain = (message: string): string =>
  message.replace(/^Invalid input: expected .*, received undefined$/, 'is missing')
