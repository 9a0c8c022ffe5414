import type {RollbackPlan, RollbackReport} from '../rollback/request.js'
import type {Step} from '../rollback/steps.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {Ui} from '../ports/ui.js'
import type {Show} from './show.js'

/** What no step brings back. */
export const LOSSES: readonly string[] = [
  'What users changed in Microsoft Entra since their migration (new phones, apps, security keys) is not on MFA Server: they register it there again.',
  'What was changed on MFA Server after the backup was taken is lost with the restore: users, settings, portal enrolments.',
  'Federation may take up to 24 hours to take effect; until then Entra goes on asking for MFA itself.',
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

/** Losses first, then the steps in their order. */
export const showRollbackPlan =
  ({out}: Pick<Show, 'out'>, ui: Pick<Ui, 'emit'>) =>
  async ({steps}: RollbackPlan): Promise<void> => {
    for (const text of LOSSES) ui.emit({type: 'warning', text})
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

export function showRolledBack(
  report: RollbackReport,
  {again}: {readonly again: string},
  {out}: Pick<Show, 'out'>,
): Readonly<Record<string, unknown>> {
  const verdict = rollbackVerdict(report)
  out.line(`\n${verdict}`)
  const open = report.steps.find(({state}) => state === 'open')
  if (report.dryRun) out.line(`Next: mfa rollback --accept onprem-mfa${again}`)
  else if (open === undefined) {
    const isSet = report.steps.some(({kind, state}) => kind === 'federation' && state === 'done')
    out.line(isSet ? `Next: mfa federation show --watch${again}` : 'Next: mfa runs show last')
  } else out.line(`Next: mfa rollback --accept onprem-mfa --step ${open.id}${again}`)
  const {tenantId, dryRun, run, finished} = report
  return {
    tenantId,
    dryRun,
    run: run ?? null,
    finished,
    losses: LOSSES,
    steps: report.steps.map(stepJson),
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
