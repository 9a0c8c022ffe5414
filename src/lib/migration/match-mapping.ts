import type {SourceKey} from '../model/brand.js'
import type {ServerIdentity} from '../model/server-user.js'
import type {Bag} from '../ports/scratch.js'
import {foldCase} from '../model/fold-case.js'
import {mappingKeys} from './match-keys.js'
import type {MappedTo} from './match.js'
import type {MatchOptions} from './plan.js'
import type {MappingRow} from './request.js'

export interface ResolvedMapping {
  /** The line for this member, whose user principal name is then known to be in the group. */
  take(userPrincipalName: string): MappedTo | undefined
  /** Whether a line gives this server user to somebody. */
  isGivenAway(server: SourceKey): boolean
  /** Every member has been taken: lines that are left name nobody in the group. */
  finish(): void
  /** Lines that cannot be followed, in the order of the file; a sentence each. */
  problems(): readonly string[]
}

/**
 * U2 (5): looks up the Usernames of the hand-edited mapping file; case does not count, everything else does. A line
 * without a Username was not filled in and says nothing.
 */
export function resolveMapping(
  lines: readonly MappingRow[],
  servers: Bag<ServerIdentity>,
  options: MatchOptions,
): ResolvedMapping {
  const problems: {readonly line: number; readonly text: string}[] = []
  const given = new Set<SourceKey>()
  const byUser = new Map<string, {readonly line: MappingRow; readonly mapped: MappedTo}[]>()
  const report = ({line}: MappingRow, what: string): void => {
    problems.push({line, text: `mapping file, line ${line}: ${what}`})
  }

  for (const line of lines) {
    if (line.username === '') continue
    const found = findServers(line.username, servers, options)
    for (const server of found) given.add(server.key)
    if (found.length === 0) {
      report(line, `MFA Server has no user "${line.username}"`)
    } else if (found.length > 1) {
      const keys = found.map((server) => `"${server.key}"`).join(', ')
      report(line, `"${line.username}" is ${found.length} users: ${keys}`)
    }
    const user = foldCase(line.userPrincipalName)
    const entry = {line, mapped: {line: line.line, username: line.username, servers: found}}
    byUser.set(user, [...(byUser.get(user) ?? []), entry])
  }
  for (const [first, ...more] of byUser.values()) {
    for (const {line} of more) {
      const name = `"${line.userPrincipalName}"`
      report(line, `${name} has line ${first?.line.line} already; keep one of them`)
    }
  }

  const left = new Set(byUser.keys())
  return {
    take(userPrincipalName) {
      const user = foldCase(userPrincipalName)
      left.delete(user)
      const [first, ...more] = byUser.get(user) ?? []
      if (first === undefined || more.length === 0) return first?.mapped
      // Several lines for one user: one that names nobody spoils them; two different server users are ambiguous.
      const lost = [first, ...more].find((each) => each.mapped.servers.length === 0)
      if (lost !== undefined) return lost.mapped
      return {...first.mapped, servers: [first, ...more].flatMap((each) => each.mapped.servers)}
    },
    isGivenAway: (server) => given.has(server),
    finish() {
      for (const user of left) {
        for (const {line} of byUser.get(user) ?? []) {
          const text = `nobody in the group has the user principal name "${line.userPrincipalName}"`
          report(line, text)
        }
      }
      left.clear()
    },
    problems: () => [...problems].toSorted((one, other) => one.line - other.line).map((each) => each.text),
  }
}

function findServers(
  username: string,
  servers: Bag<ServerIdentity>,
  options: MatchOptions,
): readonly ServerIdentity[] {
  const wanted = foldCase(username)
  const found = new Map<SourceKey, ServerIdentity>()
  for (const key of mappingKeys(username, options)) {
    for (const server of servers.get(key)) {
      if (server.key === username && server.key !== server.username) return [server]
      if (foldCase(server.username) === wanted) found.set(server.key, server)
    }
  }
  return [...found.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1))
}
