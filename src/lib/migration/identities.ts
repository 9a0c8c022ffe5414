import type {ServerIdentity} from '../model/server-user.js'
import type {Bag} from '../ports/scratch.js'
import {type DirectoryAnswer, withDirectorySids} from './directory-sids.js'
import {serverMatchKeys} from './match-keys.js'
import type {MatchOptions} from './plan.js'
import type {PlanningDeps} from './request.js'

const TELL_EVERY = 500

export interface Identities {
  /** How many users the source has. */
  readonly found: number
  /** Each server user under every key that it may be matched by. */
  readonly servers: Bag<ServerIdentity>
  /** What Active Directory said, by source key; empty where it was not asked. */
  readonly answers: Bag<DirectoryAnswer>
}

/**
 * Reads and checks the whole source. Server users without a SID are looked up in Active Directory where that is
 * configured (U2 (4)).
 */
export async function readIdentities(
  match: MatchOptions,
  {source, scratch, ui, lookup}: Pick<PlanningDeps, 'source' | 'scratch' | 'ui' | 'lookup'>,
  signal: AbortSignal,
): Promise<Identities> {
  const servers = scratch.bag<ServerIdentity>('servers')
  const answers = scratch.bag<DirectoryAnswer>('directory-answers')
  let done = 0
  ui.emit({type: 'phase', phase: 'reading the source'})
  let waiting: ServerIdentity[] = []
  const keep = async (): Promise<void> => {
    const known =
      lookup === undefined ? waiting : await withDirectorySids(waiting, lookup, match, answers, signal)
    for (const server of known) for (const key of serverMatchKeys(server, match)) servers.add(key, server)
    waiting = []
  }
  for await (const identity of source.identities(signal)) {
    waiting.push(identity)
    if (++done % TELL_EVERY !== 0) continue
    await keep()
    ui.emit({type: 'progress', phase: 'reading the source', done})
  }
  await keep()
  ui.emit({type: 'phase-end', phase: 'reading the source'})
  return {found: done, servers, answers}
}
