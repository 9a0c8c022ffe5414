import type {EntraIdentity} from '../model/entra-user.js'
import type {MigrationState, MigrationStandings} from '../ports/migration-standing.js'
import type {Bag} from '../ports/scratch.js'
import {acceptable, type Blocker} from './blockers.js'

/** Whether the server records of these users are carried over: by the journal, and by the server's fingerprints where it is read. */
export async function checkMigrated(
  users: Bag<EntraIdentity>,
  standings: MigrationStandings,
  report: (blocker: Blocker) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of standings.of(users, signal)) {
    for (const {user, state} of chunk) {
      const [identity] = users.get(user)
      const blocker = judgeMigrated(identity?.userPrincipalName ?? user, state)
      if (blocker !== undefined) report(blocker)
    }
  }
}

/** Pure. Nobody waits for the record of somebody whom MFA Server does not know. */
export function judgeMigrated(name: string, state: MigrationState): Blocker | undefined {
  return state.is === 'migrated' || state.is === 'no-record'
    ? undefined
    : acceptable('not-migrated', state.detail, name)
}
