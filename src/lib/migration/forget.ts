import {MfaError} from '../errors/mfa-error.js'
import {olderParts} from '../model/log-parts.js'
import type {Files} from '../ports/files.js'
import {type Journal, RUN_KINDS, type RunRecord} from '../ports/journal.js'
import type {Ui} from '../ports/ui.js'

export interface ForgetRequest {
  readonly run: RunRecord | undefined
  readonly user: string | undefined
  readonly yes: boolean
  /** Where records of runs are, as JSON Lines. */
  readonly resultsFolder: string
}

/** `mfa runs forget` (R8): erases from the journal, and the files of a run. Throws MfaError `usage` or `declined`. */
export async function forget(
  {run, user, yes, resultsFolder}: ForgetRequest,
  {journal, ui, files}: {readonly journal: Journal; readonly ui: Ui; readonly files: Files},
): Promise<{readonly run: string | null; readonly user: string | null; readonly users: number}> {
  if (run === undefined && user === undefined) {
    throw new MfaError('MISSING_FLAG', 'nothing to forget is named', {
      exit: 'usage',
      fix: 'Name a run, or give --user.',
    })
  }
  if (run?.status === 'open' || run?.status === 'interrupted') {
    ui.emit({
      type: 'warning',
      text: `run ${run.id} is not finished; once forgotten it cannot go on or be undone`,
    })
  }
  const what = [user, run === undefined ? undefined : `run ${run.id}`]
    .filter((part) => part !== undefined)
    .join(' of ')
  if (!yes && !(await ui.confirm(`Forget ${what}? It can no longer be undone.`, '--yes'))) {
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  }
  // Rounds of `mfa sync` leave no files.
  const kinds = RUN_KINDS.filter((kind) => kind !== 'sync')
  const runs = run === undefined ? await journal.runs({kinds}) : [run]
  const users = await journal.forget({run: run?.id, user})
  if (users === 0 && user !== undefined) {
    throw new MfaError('USER_NOT_FOUND', `nothing is remembered about ${user}`, {
      exit: 'usage',
      fix: 'See mfa runs show.',
    })
  }
  // Records of single users stand in their runs' files too; those are erased whole, the journal keeps the others.
  for (const {id} of runs)
    await files.remove([`${resultsFolder}/${id}.jsonl`, `${resultsFolder}/${id}-retry.txt`])
  if (run?.logFile !== undefined && user === undefined)
    await files.remove([run.logFile, ...olderParts(run.logFile)])
  return {run: run?.id ?? null, user: user ?? null, users}
}
