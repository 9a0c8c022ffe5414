import type {RollbackPlan, RollbackReport} from '../rollback/request.js'
import {isOver, type Step} from '../rollback/steps.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {Ui} from '../ports/ui.js'
import {utc} from './utc.js'
import type {Show} from './show.js'

/** What no step brings back. */
export const LOSSES: readonly string[] = [
  'What users changed in Microsoft Entra since their migration (new phones, apps, security keys) is not on MFA Server: they register it there again.',
  'What was changed on MFA Server after the backup was taken is lost with the restore: users, settings, portal enrolments.',
  'Federation and staged rollout may take up to 24 hours to take effect; until then Entra goes on asking for MFA itself.',
]

const columns: readonly Column<Step>[] = [
  {key: 'id', title: 'Step', value: ({id}) => id, min: 16},
  {key: 'state', title: 'State', value: ({state}) => state.replace('-', ' '), weight: 0, min: 8},
  {
    key: 'what',
    title: 'What',
    value: ({title, detail}) => (detail === undefined || detail === '' ? title : [title, detail]),
    weight: 3,
  },
]

/** Losses first, while something may still be lost; then the steps in their order. */
export const showRollbackPlan =
  ({out}: Pick<Show, 'out'>, ui: Pick<Ui, 'emit'>) =>
  async ({steps}: RollbackPlan): Promise<void> => {
    if (!steps.every(isOver)) for (const text of LOSSES) ui.emit({type: 'warning', text})
    await out.table(columns, steps)
  }

/** The step that is next, and how it is done where a person does it. */
export const showStep =
  ({out}: Pick<Show, 'out'>) =>
  (step: Step): void => {
    out.line(`\n${step.title}`)
    if (step.kind !== 'server') return
    for (const text of step.how)
      if (text.startsWith('  ')) out.line(text)
      else out.prose(text)
  }

export function rollbackVerdict({steps, dryRun, finished}: RollbackReport): string {
  const count = (state: Step['state']): number => steps.filter((step) => step.state === state).length
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} skipped` : ''
  const open = count('open')
  if (finished) return `the way back is complete: all ${countOf(steps.length, 'step')} over${skipped}`
  return `${open} of ${countOf(steps.length, 'step')} ${dryRun ? 'would be' : 'to be'} done${skipped}`
}

/** `again` says where things are, `asked` what was asked of this command: both as they were typed. */
export function showRolledBack(
  report: RollbackReport,
  {again, asked}: {readonly again: string; readonly asked: string},
  {out}: Pick<Show, 'out'>,
): Readonly<Record<string, unknown>> {
  const {tenantId, dryRun, run, steps, finished, effectiveBy} = report
  const verdict = rollbackVerdict(report)
  if (effectiveBy !== undefined && !dryRun)
    out.prose(
      `\nIt may take up to 24 hours until sign-ins follow: it should have taken effect by ${utc(effectiveBy)}.`,
    )
  out.line(`\n${verdict}`)
  const open = steps.find(({state}) => state === 'open')
  if (open === undefined) {
    const isSet = steps.some(({kind, state}) => kind === 'federation' && state === 'done')
    out.line(isSet ? `Next: mfa federation show --watch${again}` : 'Next: mfa runs show last')
  } else {
    const only = dryRun ? '' : ` --step ${open.id}`
    out.line(`Next: mfa rollback --accept onprem-mfa${only}${asked}${again}`)
  }
  return {
    tenantId,
    dryRun,
    run: run ?? null,
    finished,
    effectiveBy: effectiveBy ?? null,
    losses: LOSSES,
    steps: steps.map(stepJson),
    verdict,
  }
}

const stepJson = ({id, kind, title, state, detail}: Step) => ({
  id,
  kind,
  title,
  state,
  detail: detail ?? null,
})
