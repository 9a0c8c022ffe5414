import type {Answer, Call, Handler} from '../call.js'
import {unsupportedQuery} from '../graph-fault.js'
import type {Condition} from '../query/filter-sql.js'
import type {EntityType} from '../query/options.js'
import {readCountOptions, readOptions} from '../query/options.js'
import {page} from '../query/page.js'
import type {Placed} from '../query/page.js'
import type {Store} from '../store.js'
import {GROUP_TYPE, groupOf, rowToGroup} from './groups.js'
import type {GroupRow} from './groups.js'
import {placedUser, USER_TYPE} from './users.js'
import type {UserRow} from './users.js'

/** Groups come after all users in a list of both. */
const GROUPS_FROM = 2 ** 40

type Cast = 'user' | 'group' | undefined

/** Both kinds together: what either has may be selected, nothing can be searched. */
const OBJECT_TYPE: EntityType = {
  name: 'microsoft.graph.directoryObject',
  properties: new Set([...USER_TYPE.properties, ...GROUP_TYPE.properties]),
  filter: {},
}

/** GET members and transitiveMembers, with and without a cast. */
export function listMembers(reach: 'direct' | 'transitive', cast: Cast): Handler {
  const type = typeOf(cast)
  return (call): Answer => {
    const parents = parentsOf(call, reach)
    const options = readOptions(call, type, {directory: true, cast: cast !== undefined})
    const {condition, select} = options
    return page(call, options, {
      context: cast === undefined ? 'directoryObjects' : `${cast}s`,
      fetch: (after, limit) => {
        const found =
          cast === 'group' ? [] : usersIn(call.store, parents, condition, after, limit, select, cast)
        if (cast === 'user' || found.length >= limit) return found
        const afterGroup = cast === 'group' ? after : Math.max(0, after - GROUPS_FROM)
        const groups = groupsIn(call.store, parents, condition, afterGroup, limit - found.length)
        return [...found, ...(cast === 'group' ? groups : groups.map(asObject))]
      },
      count: () => countMembers(call.store, parents, cast, condition),
    })
  }
}

/** GET …/$count as plain text. */
export function countMembersOf(reach: 'direct' | 'transitive', cast: Cast): Handler {
  return (call): Answer => {
    const parents = parentsOf(call, reach)
    const condition = readCountOptions(call, typeOf(cast))
    const count = countMembers(call.store, parents, cast, condition)
    return {status: 200, contentType: 'text/plain', body: String(count)}
  }
}

/** The group itself and every group inside it, each once, whatever the circles. */
export function groupsWithin(store: Store, seq: number): number[] {
  return store
    .all<{seq: number}>(
      `WITH RECURSIVE reach (seq) AS (
         VALUES (?) UNION SELECT m.member FROM members m JOIN reach ON m.parent = reach.seq WHERE m.kind = 'g')
       SELECT seq FROM reach`,
      seq,
    )
    .map((row) => row.seq)
}

/** True if the user is in the group, directly or through others. */
export function isMember(store: Store, userSeq: number, groupId: string): boolean {
  const row = store.get<{found: number}>(
    `WITH RECURSIVE above (seq) AS (
       SELECT parent FROM members WHERE kind = 'u' AND member = ?
       UNION SELECT m.parent FROM members m JOIN above ON m.kind = 'g' AND m.member = above.seq)
     SELECT 1 AS found FROM above JOIN groups g ON g.seq = above.seq WHERE g.id = ?`,
    userSeq,
    groupId.toLowerCase(),
  )
  return row !== undefined
}

function parentsOf(call: Call, reach: 'direct' | 'transitive'): number[] {
  const {seq} = groupOf(call)
  return reach === 'direct' ? [seq] : groupsWithin(call.store, seq)
}

function typeOf(cast: Cast): EntityType {
  if (cast === undefined) return OBJECT_TYPE
  return cast === 'user' ? USER_TYPE : GROUP_TYPE
}

/**
 * The first members of each group after a position, merged: the first of all of them are among these.
 * So a page costs the same however large the groups are.
 */
function rowsIn<Row extends UserRow | GroupRow>(
  store: Store,
  parents: readonly number[],
  kind: 'u' | 'g',
  {sql, values}: Condition,
  after: number,
  limit: number,
): Row[] {
  const rows = parents.flatMap((parent) =>
    store.all<Row>(
      `SELECT ${kind}.seq, ${kind}.body FROM members m JOIN ${TABLES[kind]} ON ${kind}.seq = m.member
       WHERE m.parent = ? AND m.kind = '${kind}' AND m.member > ? AND ${sql} ORDER BY m.member LIMIT ?`,
      parent,
      after,
      ...values,
      limit,
    ),
  )
  return firstOnes(rows, limit)
}

const TABLES = {u: 'users u', g: 'groups g'}

function usersIn(
  store: Store,
  parents: readonly number[],
  condition: Condition,
  after: number,
  limit: number,
  select: readonly string[] | undefined,
  cast: Cast,
): Placed[] {
  if (after >= GROUPS_FROM) return []
  const userSelect = cast === 'user' ? select : select?.filter((name) => USER_TYPE.properties.has(name))
  return rowsIn<UserRow>(store, parents, 'u', condition, after, limit)
    .map((row) => placedUser(row, userSelect))
    .map(({position, item}) =>
      cast === 'user'
        ? {position, item}
        : {position, item: {'@odata.type': '#microsoft.graph.user', ...item}},
    )
}

function groupsIn(
  store: Store,
  parents: readonly number[],
  condition: Condition,
  after: number,
  limit: number,
): Placed[] {
  const rows = rowsIn<GroupRow>(store, parents, 'g', condition, after, limit)
  return rows.map((row) => ({position: row.seq, item: rowToGroup(row)}))
}

function asObject({position, item}: Placed): Placed {
  return {position: GROUPS_FROM + position, item: {'@odata.type': '#microsoft.graph.group', ...item}}
}

function countMembers(store: Store, parents: readonly number[], cast: Cast, condition: Condition): number {
  const list = `(${parents.map(() => '?').join(', ')})`
  if (parents.length > 10_000) throw unsupportedQuery('Too many nested groups to count.')
  const countOf = (kind: 'u' | 'g'): number =>
    store.get<{n: number}>(
      `SELECT count(DISTINCT m.member) AS n FROM members m
       JOIN ${TABLES[kind]} ON ${kind}.seq = m.member
       WHERE m.parent IN ${list} AND m.kind = '${kind}' AND ${condition.sql}`,
      ...parents,
      ...condition.values,
    )?.n ?? 0
  return (cast === 'group' ? 0 : countOf('u')) + (cast === 'user' ? 0 : countOf('g'))
}

function firstOnes<Row extends {readonly seq: number}>(rows: readonly Row[], limit: number): Row[] {
  const once = new Map(rows.map((row) => [row.seq, row]))
  return [...once.values()].sort((a, b) => a.seq - b.seq).slice(0, limit)
}
