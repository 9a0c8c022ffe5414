import type {Answer, Call} from '../call.js'
import {param} from '../call.js'
import {GLOBAL_ADMINISTRATOR} from '../caller.js'
import {roleTemplateId} from '../data/directory-roles.js'
import {notFound} from '../graph-fault.js'
import {guidOf} from '../made-ids.js'
import type {EntityType} from '../query/options.js'
import {readOptions} from '../query/options.js'
import {pageOf} from '../query/page.js'
import {USER_TYPE} from './users.js'
import {personUser} from './me.js'

const ROLE_TYPE: EntityType = {
  name: 'microsoft.graph.directoryRole',
  properties: new Set(['id', 'deletedDateTime', 'description', 'displayName', 'roleTemplateId']),
  filter: {
    displayName: {column: "lower(r.value ->> '$.displayName')", type: 'text'},
    roleTemplateId: {column: "lower(r.value ->> '$.roleTemplateId')", type: 'text'},
  },
}

interface Role {
  readonly id: string
  readonly displayName: string
  readonly roleTemplateId: string
}

/** GET /directoryRoles: those that somebody holds, as Entra lists only roles that were activated. */
export function listRoles(call: Call): Answer {
  const options = readOptions(call, ROLE_TYPE)
  const {sql, values} = options.condition
  const roles = call.store
    .all<{value: string}>(
      `SELECT r.value AS value FROM json_each(?) r WHERE ${sql} ORDER BY r.key`,
      JSON.stringify(rolesOf(call)),
      ...values,
    )
    .map((row) => JSON.parse(row.value) as object)
  return pageOf(call, options, 'directoryRoles', roles)
}

/** GET /directoryRoles/{id}/members: the one person who signs in. */
export function listRoleMembers(call: Call): Answer {
  const options = readOptions(call, {...USER_TYPE, filter: {}})
  const id = param(call, 'role').toLowerCase()
  const role = rolesOf(call).find((each) => each.id === id)
  if (role === undefined) throw notFound(id)
  const members = call.personRoles.includes(role.displayName)
    ? [{'@odata.type': '#microsoft.graph.user', ...personUser(call.store, options.select)}]
    : []
  return pageOf(call, options, 'directoryObjects', members)
}

function rolesOf({store, personRoles}: Call): (Role & {readonly description: null})[] {
  return [...new Set([GLOBAL_ADMINISTRATOR, ...personRoles])].map((displayName) => ({
    id: guidOf(`${store.meta('tenantId') ?? ''}/directoryRole/${displayName}`),
    deletedDateTime: null,
    description: null,
    displayName,
    // A role that is not known here still has one, of our own.
    roleTemplateId: roleTemplateId(displayName) ?? guidOf(`directoryRole/${displayName}`),
  }))
}
