import {MfaError} from '../errors/mfa-error.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {MigrationRequest} from './request.js'

/** Who failed in a run or is in doubt, by user principal name. */
export async function failedUsers(run: RunRecord, journal: Journal): Promise<readonly string[]> {
  const users: string[] = []
  for await (const {outcome, userPrincipalName} of journal.userResults(run.id)) {
    if (outcome === 'failed' || outcome === 'partly') users.push(userPrincipalName)
  }
  return users
}

/** `mfa migrate --retry RUN`: the group of that run, and of its users those who failed. Throws MfaError `usage` if nobody did. */
export async function retryRequest(
  asked: MigrationRequest,
  run: RunRecord,
  journal: Journal,
): Promise<MigrationRequest> {
  const users = await failedUsers(run, journal)
  if (users.length === 0) {
    throw new MfaError('NOTHING_TO_RETRY', `nobody failed in run ${run.id}`, {
      exit: 'usage',
      fix: 'mfa runs show tells what became of its users.',
    })
  }
  if (run.group === undefined) throw new Error(`run ${run.id} has no group`)
  return {...asked, group: asked.group === '' ? run.group.id : asked.group, users}
}
