import type {ActionId, ObjectId, RunId, SourceKey} from '../model/brand.js'
import {
  type ActionRecord,
  RUN_KINDS,
  type RunRecord,
  type RunStatus,
  type UserResultRecord,
} from '../ports/journal.js'
import type {Row} from './database.js'
import {isOutcome, isRecord, isStringRecord, reader} from './decode.js'
import {stateDamaged} from './state-fault.js'

const RUN_STATUSES: readonly RunStatus[] = ['open', 'finished', 'interrupted', 'stopped']

export function runRecord(row: Row, file: string): RunRecord {
  const read = reader(row, file, 'run')
  const group = groupOf(read, file)
  return {
    id: read.text('id') as RunId,
    kind: read.oneOf('kind', RUN_KINDS),
    tenantId: read.text('tenant_id'),
    ...(group === undefined ? {} : {group}),
    sourceLabel: read.text('source_label'),
    sourceFingerprint: read.text('source_fingerprint'),
    options: read.record('options'),
    resumeKey: read.text('resume_key'),
    startedAt: read.text('started_at'),
    ...present('logFile', read.optionalText('log_file')),
    status: read.oneOf('status', RUN_STATUSES),
    ...present('endedAt', read.optionalText('ended_at')),
    ...present('summary', read.optionalRecord('summary')),
  }
}

/** Of a run. */
export function groupOf(read: ReturnType<typeof reader>, file: string): RunRecord['group'] {
  const group = read.optionalRecord('scope')
  if (group !== undefined && !isGroup(group))
    throw stateDamaged(file, 'a run has an unexpected value in "scope"')
  return group
}

export function actionRecord(row: Row, file: string): ActionRecord {
  const read = reader(row, file, 'action')
  const outcome: unknown = read.optionalRecord('outcome')
  const made = read.optionalRecord('made')
  if ((outcome !== undefined && !isOutcome(outcome)) || (made !== undefined && !isStringRecord(made)))
    throw stateDamaged(file, `the outcome of action ${read.text('action')} is damaged`)
  return {
    run: read.text('run') as RunId,
    user: read.text('user') as ObjectId,
    userPrincipalName: read.text('user_principal_name'),
    action: read.text('action') as ActionId,
    intent: read.record('intent'),
    intentAt: read.text('intent_at'),
    ...present('outcome', outcome),
    ...present('made', made),
    ...present('outcomeAt', read.optionalText('outcome_at')),
  }
}

export function userResultRecord(row: Row, file: string): UserResultRecord {
  const read = reader(row, file, 'user result')
  return {
    run: read.text('run') as RunId,
    user: read.text('user') as ObjectId,
    userPrincipalName: read.text('user_principal_name'),
    ...present('source', read.optionalText('source') as SourceKey | undefined),
    outcome: read.text('outcome'),
    findings: read.list('findings'),
    at: read.text('at'),
  }
}

export function present<K extends string, V>(key: K, value: V | undefined): {readonly [key in K]?: V} {
  return value === undefined ? {} : ({[key]: value} as {readonly [key in K]: V})
}

function isGroup(value: unknown): value is {readonly id: ObjectId; readonly displayName: string} {
  return isRecord(value) && typeof value['id'] === 'string' && typeof value['displayName'] === 'string'
}
