import type {Access} from './caller.js'
import type {Handler} from './call.js'
import {MAY} from './permissions.js'
import * as rollout from './resources/feature-rollout.js'
import * as groups from './resources/group-changes.js'
import type {Method, Route} from './router.js'

const POLICIES = '/policies/featureRolloutPolicies'
const POLICY = `${POLICIES}/{policy}`
const MEMBERS = '/groups/{group}/members'

const HYBRID = 'Hybrid Identity Administrator'
/** Graph does not support applications here; Directory.ReadWrite.All is what the documentation names. */
const read: Access = {
  permissions: 'none',
  delegated: [
    'Directory.ReadWrite.All',
    'Policy.Read.HybridAuthentication',
    'Policy.ReadWrite.HybridAuthentication',
  ],
  directoryRoles: [HYBRID, 'Global Reader'],
}
const write: Access = {
  permissions: 'none',
  delegated: ['Directory.ReadWrite.All', 'Policy.ReadWrite.HybridAuthentication'],
  directoryRoles: [HYBRID],
}
const create: Access = {
  permissions: MAY.createGroups,
  delegated: ['Group.ReadWrite.All', 'Directory.ReadWrite.All'],
}
const members: Access = {permissions: MAY.writeMembers}

const LINES: readonly (readonly [method: Method, template: string, handler: Handler, access: Access])[] = [
  ['GET', POLICIES, rollout.listRollouts, read],
  ['POST', POLICIES, rollout.createRollout, write],
  ['GET', POLICY, rollout.getRollout, read],
  ['PATCH', POLICY, rollout.updateRollout, write],
  ['DELETE', POLICY, rollout.deleteRollout, write],
  ['GET', `${POLICY}/appliesTo`, rollout.listAppliesTo, read],
  ['GET', `${POLICY}/appliesTo/$ref`, rollout.listAppliesToReferences, read],
  ['POST', `${POLICY}/appliesTo/$ref`, rollout.addAppliesTo, write],
  ['DELETE', `${POLICY}/appliesTo/{object}/$ref`, rollout.removeAppliesTo, write],
  ['POST', '/groups', groups.createGroup, create],
  ['PATCH', '/groups/{group}', groups.updateGroup, members],
  ['GET', `${MEMBERS}/$ref`, groups.listMemberReferences, {permissions: MAY.readMembers}],
  ['POST', `${MEMBERS}/$ref`, groups.addMember, members],
  ['DELETE', `${MEMBERS}/{object}/$ref`, groups.removeMember, members],
]

/** Staged rollout, and the groups that it works with. */
export const ROLLOUT_ROUTES: readonly Route[] = LINES.map(([method, template, handler, access]) => ({
  method,
  template,
  handler,
  ...access,
}))
