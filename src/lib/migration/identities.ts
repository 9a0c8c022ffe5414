import type {ServerIdentity} from '../model/server-user.js'
import type {Bag} from '../ports/scratch.js'
import {serverMatchKeys} from './match-keys.js'
import type {MatchOptions} from './plan.js'
import type {PlanningDeps} from './request.js'

const TELL_EVERY = 500

/** Reads and checks the whole source; each server user is kept under every key that it may be matched by. */
export async function readIdentities(
  match: MatchOptions,
  {source, scratch, ui}: Pick<PlanningDeps, 'source' | 'scratch' | 'ui'>,
  signal: AbortSignal,
): Promise<Bag<ServerIdentity>> {
  const servers = scratch.bag<ServerIdentity>('servers')
  let done = 0
  for await (const identity of source.identities(signal)) {
    for (const key of serverMatchKeys(identity, match)) servers.add(key, identity)
    if (++done % TELL_EVERY === 0) ui.emit({type: 'progress', phase: 'reading the source', done})
  }
  ui.emit({type: 'phase-end', phase: 'reading the source'})
  return servers
}
