import {randomUUID} from 'node:crypto'

import {z} from 'zod'

import {readBody} from '../body.js'
import {contextUrl, entity, NO_CONTENT, ok, param, type Answer, type Call} from '../call.js'
import {endFact, factOf, factsOf, putFact} from '../facts.js'
import {badRequest, notFound} from '../graph-fault.js'
import {readNothing, readOptions, readSelect, type EntityType} from '../query/options.js'
import {pageOf, project} from '../query/page.js'
import {coverGroup, MFA_FEATURE, TENANT, uncoverGroup, type StoredRollout} from '../rollout-effect.js'
import {findGroup, GROUP_TYPE, rowToGroup, type StoredGroup} from './groups.js'
import {referenced} from './references.js'

/** Documented: so many groups for one feature. */
const GROUPS_MAX = 10

/** Behind `unknownFutureValue` in v1.0: shown only to who asks for unknown members. */
const LATE_FEATURES: ReadonlySet<string> = new Set(['certificateBasedAuthentication', MFA_FEATURE])
const FEATURES = [
  'passthroughAuthentication',
  'seamlessSso',
  'passwordHashSync',
  'emailAsAlternateId',
  ...LATE_FEATURES,
] as const

const ROLLOUT_TYPE: EntityType = {
  name: 'microsoft.graph.featureRolloutPolicy',
  properties: new Set([
    'id',
    'displayName',
    'description',
    'feature',
    'isEnabled',
    'isAppliedToOrganization',
    'appliesTo',
  ]),
  filter: {},
}

const createBody = z.strictObject({
  displayName: z.string().min(1),
  description: z.string().nullable().optional(),
  feature: z.enum(FEATURES),
  isEnabled: z.boolean(),
  isAppliedToOrganization: z.boolean().optional(),
})

const updateBody = z
  .strictObject({
    displayName: z.string().min(1).optional(),
    description: z.string().nullable().optional(),
    isEnabled: z.boolean().optional(),
    isAppliedToOrganization: z.boolean().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'nothing to update')

const referenceBody = z.strictObject({'@odata.id': z.string()})

interface Rollout {
  readonly id: string
  readonly body: StoredRollout
}

export function listRollouts(call: Call): Answer {
  const {plain, expand} = withoutExpand(call)
  const options = readOptions(plain, ROLLOUT_TYPE, {directory: false})
  const all = factsOf<StoredRollout>(call.store, TENANT, 'rolloutPolicy', call.seenAt)
  const shown = all.map((each) => shownAs(call, each, expand))
  return pageOf(plain, options, 'policies/featureRolloutPolicies', shown)
}

export function getRollout(call: Call): Answer {
  const {plain, expand} = withoutExpand(call)
  const select = readSelect(plain, ROLLOUT_TYPE)
  const shown = shownAs(call, rolloutOf(call, call.seenAt), expand)
  const wanted = select === undefined || !expand ? select : [...select, 'appliesTo']
  return entity(call, 'policies/featureRolloutPolicies', project(shown, wanted))
}

/** POST: one policy for a feature, which is inferred, not documented. */
export function createRollout(call: Call): Answer {
  readNothing(call)
  const given = readBody(call, createBody, badRequest)
  if (call.version === 'beta' && given.feature === MFA_FEATURE)
    throw badRequest(`The value '${given.feature}' is not valid for feature.`)
  const taken = factsOf<StoredRollout>(call.store, TENANT, 'rolloutPolicy').some(
    ({body}) => body.feature === given.feature,
  )
  if (taken) throw badRequest(`A feature rollout policy for '${given.feature}' already exists.`)
  const made: Rollout = {
    id: randomUUID(),
    body: {
      displayName: given.displayName,
      description: given.description ?? null,
      feature: given.feature,
      isEnabled: given.isEnabled,
      isAppliedToOrganization: given.isAppliedToOrganization ?? false,
      groups: [],
    },
  }
  put(call, made)
  return entity(call, 'policies/featureRolloutPolicies', shownAs(call, made, false), 201)
}

export function updateRollout(call: Call): Answer {
  readNothing(call)
  const had = rolloutOf(call)
  const given = readBody(call, updateBody, badRequest)
  const body: StoredRollout = {
    ...had.body,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
  put(call, {id: had.id, body})
  if (body.isEnabled !== had.body.isEnabled && body.feature === MFA_FEATURE)
    for (const group of placesOf(call, body)) {
      if (body.isEnabled) coverGroup(call.store, group, call.moment)
      else uncoverGroup(call.store, group, call.moment)
    }
  return NO_CONTENT
}

export function deleteRollout(call: Call): Answer {
  readNothing(call)
  const had = rolloutOf(call)
  endFact(call.store, TENANT, 'rolloutPolicy', had.id, call.moment)
  if (had.body.feature === MFA_FEATURE)
    for (const group of placesOf(call, had.body)) uncoverGroup(call.store, group, call.moment)
  return NO_CONTENT
}

export function listAppliesTo(call: Call): Answer {
  const {groups} = rolloutOf(call, call.seenAt).body
  const options = readOptions(call, GROUP_TYPE, {directory: false})
  return pageOf(call, options, 'directoryObjects', appliesTo(call, groups))
}

export function listAppliesToReferences(call: Call): Answer {
  const {groups} = rolloutOf(call, call.seenAt).body
  const options = readOptions(call, {...ROLLOUT_TYPE, properties: new Set()}, {directory: false})
  const found = pageOf(
    call,
    options,
    'Collection($ref)',
    groups.map((id) => ({id})),
  )
  const body = found.body as {readonly value: readonly {readonly id: string}[]}
  const value = body.value.map(({id}) => `${call.root}/${call.version}/directoryObjects/${id}`)
  return ok({...body, '@odata.context': contextUrl(call, 'Collection($ref)'), value})
}

/** POST appliesTo/$ref: groups only, no dynamic and no nested ones, ten at most. */
export function addAppliesTo(call: Call): Answer {
  readNothing(call)
  const {id, body} = rolloutOf(call)
  const groupId = referenced(readBody(call, referenceBody, badRequest)['@odata.id'], call.root)
  const row = findGroup(call.store, groupId)
  if (row === undefined) {
    if (call.store.get('SELECT 1 FROM users WHERE id = ?', groupId) !== undefined)
      throw badRequest('Only groups can be added to a feature rollout policy.')
    throw notFound(groupId)
  }
  if (body.groups.includes(groupId))
    throw badRequest(
      "One or more added object references already exist for the following modified properties: 'appliesTo'.",
    )
  const nested =
    call.store.get("SELECT 1 FROM members WHERE parent = ? AND kind = 'g'", row.seq) !== undefined
  if ((JSON.parse(row.body) as StoredGroup).membershipRule !== undefined || nested)
    throw badRequest('Dynamic groups and nested groups are not supported for staged rollout.')
  if (body.groups.length >= GROUPS_MAX)
    throw badRequest(`A feature rollout policy applies to at most ${GROUPS_MAX} groups.`)
  const next = {...body, groups: [...body.groups, groupId]}
  put(call, {id, body: next})
  if (next.feature === MFA_FEATURE && next.isEnabled)
    coverGroup(call.store, {id: groupId, seq: row.seq}, call.moment)
  return NO_CONTENT
}

export function removeAppliesTo(call: Call): Answer {
  readNothing(call)
  const {id, body} = rolloutOf(call)
  const groupId = param(call, 'object').toLowerCase()
  if (!body.groups.includes(groupId)) throw notFound(groupId)
  put(call, {id, body: {...body, groups: body.groups.filter((each) => each !== groupId)}})
  const row = findGroup(call.store, groupId)
  if (row !== undefined && body.feature === MFA_FEATURE)
    uncoverGroup(call.store, {id: groupId, seq: row.seq}, call.moment)
  return NO_CONTENT
}

function rolloutOf(call: Call, seenAt?: number): Rollout {
  const id = param(call, 'policy').toLowerCase()
  const body = factOf<StoredRollout>(call.store, TENANT, 'rolloutPolicy', id, seenAt)
  if (body === undefined) throw notFound(id)
  return {id, body}
}

function put(call: Call, {id, body}: Rollout): void {
  putFact(call.store, TENANT, {kind: 'rolloutPolicy', id, body}, call.moment)
}

function shownAs(call: Call, {id, body}: Rollout, expand: boolean): object {
  const {groups, feature, ...rest} = body
  const asked = call.headers['prefer']?.toLowerCase().includes('include-unknown-enum-members') === true
  const hidden =
    LATE_FEATURES.has(feature) && (!asked || (call.version === 'beta' && feature === MFA_FEATURE))
  const shown = {id, ...rest, feature: hidden ? 'unknownFutureValue' : feature}
  return expand ? {...shown, appliesTo: appliesTo(call, groups)} : shown
}

const appliesTo = (call: Call, groups: readonly string[]): readonly object[] =>
  groups.flatMap((id) => {
    const row = findGroup(call.store, id)
    return row === undefined ? [] : [{'@odata.type': '#microsoft.graph.group', ...rowToGroup(row)}]
  })

const placesOf = ({store}: Call, {groups}: StoredRollout) =>
  groups.flatMap((id) => {
    const row = findGroup(store, id)
    return row === undefined ? [] : [{id, seq: row.seq}]
  })

/** `$expand=appliesTo` is the only expansion; the other options are read without it. */
function withoutExpand(call: Call): {readonly plain: Call; readonly expand: boolean} {
  const expand = call.query.get('$expand')
  if (expand === undefined) return {plain: call, expand: false}
  if (expand !== 'appliesTo')
    throw badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${expand}' on type '${ROLLOUT_TYPE.name}'.`,
    )
  return {
    plain: {...call, query: new Map([...call.query].filter(([name]) => name !== '$expand'))},
    expand: true,
  }
}
