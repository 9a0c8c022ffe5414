import {MfaError} from '../errors/mfa-error.js'
import type {Journal, LockHolder} from '../ports/journal.js'
import type {Ui} from '../ports/ui.js'

/** `mfa locks release`: shows whose it is, asks, and takes it away. Throws MfaError `usage` if there is no such lock. */
export async function releaseLock(
  name: string,
  yes: boolean,
  {journal, ui}: {readonly journal: Journal; readonly ui: Ui},
): Promise<LockHolder> {
  const holder = (await journal.locks()).find((lock) => lock.name === name)
  if (holder === undefined) {
    throw new MfaError('LOCK_NOT_FOUND', `there is no lock "${name}"`, {
      exit: 'usage',
      fix: 'See mfa locks list.',
    })
  }
  const who = `${holder.command} of ${holder.user} on ${holder.host} (process ${holder.pid}), last sign of life ${holder.heartbeat}`
  if (!yes && !(await ui.confirm(`Release the lock of ${who}?`, '--yes'))) {
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  }
  await journal.breakLock(name)
  return holder
}
