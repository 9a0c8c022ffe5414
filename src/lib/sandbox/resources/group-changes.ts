import {randomUUID} from 'node:crypto'

import {z} from 'zod'

import {readBody} from '../body.js'
import {contextUrl, entity, NO_CONTENT, ok, param, type Answer, type Call} from '../call.js'
import {badRequest, GraphFault, notFound} from '../graph-fault.js'
import {readNothing} from '../query/options.js'
import {readOptions} from '../query/options.js'
import {page} from '../query/page.js'
import {memberCame, memberWent} from '../rollout-effect.js'
import type {Store} from '../store.js'
import {findGroup, GROUP_TYPE, groupOf, rowToGroup, type GroupRow, type StoredGroup} from './groups.js'
import {referenced} from './references.js'
import {findUserById} from './users.js'

/** Graph takes so many references in one request. */
const BIND_MAX = 20

const bind = z.array(z.string()).max(BIND_MAX, `at most ${BIND_MAX} references`)

const createBody = z.strictObject({
  displayName: z.string().min(1).max(256),
  description: z.string().min(1).max(1024).nullable().optional(),
  mailEnabled: z.literal(false, 'this tenant makes security groups only'),
  mailNickname: z.string().regex(/^[^@()\\[\]";:<>, ]{1,64}$/),
  securityEnabled: z.literal(true, 'this tenant makes security groups only'),
  groupTypes: z.array(z.string()).max(0).optional(),
  visibility: z.string().nullable().optional(),
  'members@odata.bind': bind.optional(),
})

const updateBody = z.strictObject({
  displayName: z.string().min(1).max(256).optional(),
  description: z.string().min(1).max(1024).nullable().optional(),
  'members@odata.bind': bind.min(1).optional(),
})

const referenceBody = z.strictObject({'@odata.id': z.string()})

/** POST /groups: an assigned security group. */
export function createGroup(call: Call): Answer {
  readNothing(call)
  const {displayName, description, mailNickname, ...rest} = readBody(call, createBody, badRequest)
  const stored: StoredGroup = {
    id: randomUUID(),
    displayName,
    createdDateTime: call.now.toISOString(),
    mailNickname,
    ...(description === undefined || description === null ? {} : {description}),
  }
  call.store.run(
    'INSERT INTO groups (id, name, body) VALUES (?, ?, ?)',
    stored.id,
    displayName.toLowerCase(),
    JSON.stringify(stored),
  )
  const row = mustFind(call.store, stored.id)
  addAll(call, row, rest['members@odata.bind'] ?? [])
  return entity(call, 'groups', rowToGroup(row), 201)
}

/** PATCH /groups/{id}: names, and up to 20 new members, all of them or none. */
export function updateGroup(call: Call): Answer {
  readNothing(call)
  const row = groupOf(call)
  const {'members@odata.bind': members = [], ...names} = readBody(call, updateBody, badRequest)
  if (Object.keys(names).length > 0) rename(call, row, names)
  else if (members.length === 0) throw badRequest('Nothing to update.')
  addAll(call, row, members)
  return NO_CONTENT
}

/** POST /groups/{id}/members/$ref */
export function addMember(call: Call): Answer {
  readNothing(call)
  const row = groupOf(call)
  addAll(call, row, [readBody(call, referenceBody, badRequest)['@odata.id']])
  return NO_CONTENT
}

/** GET /groups/{id}/members/$ref: where the members are, users before groups. */
export function listMemberReferences(call: Call): Answer {
  const {seq} = groupOf(call)
  const options = readOptions(call, {...GROUP_TYPE, properties: new Set(), filter: {}})
  const rows = call.store.all<{id: string}>(
    `SELECT CASE m.kind WHEN 'u' THEN u.id ELSE g.id END AS id FROM members m
     LEFT JOIN users u ON m.kind = 'u' AND u.seq = m.member LEFT JOIN groups g ON m.kind = 'g' AND g.seq = m.member
     WHERE m.parent = ? ORDER BY m.kind DESC, m.member LIMIT ? OFFSET ?`,
    seq,
    options.top + 1,
    options.after,
  )
  const answer = page(call, options, {
    context: 'Collection($ref)',
    fetch: () => rows.map(({id}, at) => ({position: options.after + at + 1, item: {id}})),
    count: () =>
      call.store.get<{n: number}>('SELECT count(*) AS n FROM members WHERE parent = ?', seq)?.n ?? 0,
  })
  const body = answer.body as {readonly value: readonly {readonly id: string}[]}
  const value = body.value.map(({id}) => `${call.root}/${call.version}/directoryObjects/${id}`)
  return ok({...body, '@odata.context': contextUrl(call, 'Collection($ref)'), value})
}

/** DELETE /groups/{id}/members/{object}/$ref */
export function removeMember(call: Call): Answer {
  readNothing(call)
  const row = groupOf(call)
  refuseDynamic(row)
  const id = param(call, 'object')
  const member = memberNamed(call.store, id)
  const gone =
    member !== undefined &&
    call.store.run(
      'DELETE FROM members WHERE parent = ? AND kind = ? AND member = ?',
      row.seq,
      member.kind,
      member.seq,
    ) > 0
  if (!gone) throw notFound(id)
  if (member.kind === 'u') memberWent(call.store, idOf(row), member.seq, call.moment)
  return NO_CONTENT
}

function addAll(call: Call, row: GroupRow, urls: readonly string[]): void {
  if (urls.length === 0) return
  refuseDynamic(row)
  for (const url of urls) {
    const id = referenced(url, call.root)
    const member = memberNamed(call.store, id)
    if (member === undefined) throw notFound(id)
    const fresh =
      call.store.run(
        'INSERT OR IGNORE INTO members (parent, kind, member) VALUES (?, ?, ?)',
        row.seq,
        member.kind,
        member.seq,
      ) > 0
    if (!fresh)
      throw badRequest(
        "One or more added object references already exist for the following modified properties: 'members'.",
      )
    if (member.kind === 'u') memberCame(call.store, {id: idOf(row), seq: row.seq}, member.seq, call.moment)
  }
}

/** Names are more than GroupMember.ReadWrite.All allows. */
function rename(
  call: Call,
  row: GroupRow,
  names: {displayName?: string | undefined; description?: string | null | undefined},
): void {
  const {caller} = call
  const held = caller.kind === 'app' ? caller.roles : caller.scopes
  const wide = ['Group.ReadWrite.All', 'Directory.ReadWrite.All']
  if (held !== undefined && !wide.some((each) => held.includes(each)))
    throw new GraphFault(
      403,
      'Authorization_RequestDenied',
      'Insufficient privileges to complete the operation.',
    )
  const {description, ...stored} = JSON.parse(row.body) as StoredGroup
  const kept = names.description === undefined ? description : (names.description ?? undefined)
  const next: StoredGroup = {
    ...stored,
    displayName: names.displayName ?? stored.displayName,
    ...(kept === undefined ? {} : {description: kept}),
  }
  call.store.run(
    'UPDATE groups SET name = ?, body = ? WHERE seq = ?',
    next.displayName.toLowerCase(),
    JSON.stringify(next),
    row.seq,
  )
}

function refuseDynamic(row: GroupRow): void {
  if ((JSON.parse(row.body) as StoredGroup).membershipRule !== undefined)
    throw badRequest('The membership of a dynamic group cannot be changed.')
}

interface Member {
  readonly kind: 'u' | 'g'
  readonly seq: number
}

function memberNamed(store: Store, id: string): Member | undefined {
  const user = findUserById(store, id)
  if (user !== undefined) return {kind: 'u', seq: user.seq}
  const group = findGroup(store, id)
  return group === undefined ? undefined : {kind: 'g', seq: group.seq}
}

const idOf = (row: GroupRow): string => (JSON.parse(row.body) as StoredGroup).id

function mustFind(store: Store, id: string): GroupRow {
  const row = findGroup(store, id)
  if (row === undefined) throw new Error(`group ${id} was just made`)
  return row
}
