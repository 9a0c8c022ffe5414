import type {DirectoryObject, FeatureRolloutPolicy} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {CloudName} from '../model/cloud.js'
import type {Outcome} from '../model/outcome.js'
import {MFA_FEATURE, type RolloutPolicies, type RolloutPolicy} from '../ports/rollout.js'
import {alreadyDone, attempt, isConflict, readBack} from './outcomes.js'
import {objectUrl} from './references.js'
import {path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

const POLICIES = '/policies/featureRolloutPolicies'
/** Without it Graph shows the feature of MFA as unknownFutureValue. */
const headers = {Prefer: 'include-unknown-enum-members'}

/** Throws MfaError `refused` where the cloud has no staged rollout; nothing is asked. */
export function refuseWithoutRollout(cloud: CloudName): void {
  if (cloud !== 'china') return
  throw new MfaError(
    'NO_STAGED_ROLLOUT',
    'Microsoft Graph has no staged rollout in the cloud of China (21Vianet); nothing was asked or sent',
    {
      exit: 'refused',
      fix: 'Go over per domain instead, once everybody is migrated: mfa federation set reject --domain D.',
    },
  )
}

/** Staged rollout over Graph v1.0; `graph` has to be signed in as a person. */
export function createRolloutPolicies(graph: Graph): RolloutPolicies {
  return {
    list: (signal) => list(graph, signal),
    async create({displayName, description, isEnabled}, signal) {
      const sent = await attempt(
        graph,
        {
          method: 'POST',
          version: 'v1.0',
          path: POLICIES,
          headers,
          body: () => ({
            displayName,
            ...(description === undefined ? {} : {description}),
            feature: MFA_FEATURE,
            isEnabled,
            isAppliedToOrganization: false,
          }),
        },
        signal,
      )
      if (sent.answer === undefined) return sent.outcome
      const {id} = sent.answer.body as FeatureRolloutPolicy
      return id === undefined ? sent.outcome : {...sent.outcome, policyId: id}
    },
    async setEnabled(policy, isEnabled, signal) {
      const request = {
        method: 'PATCH',
        version: 'v1.0',
        path: path`/policies/featureRolloutPolicies/${policy}`,
        body: () => ({isEnabled}),
      } as const
      return (await attempt(graph, request, signal)).outcome
    },
    async addGroup(policy, group, signal) {
      const request = {
        method: 'POST',
        version: 'v1.0',
        path: `${path`/policies/featureRolloutPolicies/${policy}`}/appliesTo/$ref`,
        body: () => ({'@odata.id': objectUrl(graph, group)}),
      } as const
      const sent = await attempt(graph, request, signal)
      if (!isConflict(sent.error)) return sent.outcome
      // Which conflict it is, no code tells.
      const shown = await readBack(() => list(graph, signal))
      const isThere = shown?.some(({id, groups}) => id === policy && groups.some((each) => each.id === group))
      return isThere === true && sent.error !== undefined ? alreadyDone(sent.error) : sent.outcome
    },
    removeGroup: (policy, group, signal) =>
      remove(graph, `${path`/policies/featureRolloutPolicies/${policy}/appliesTo/${group}`}/$ref`, signal),
    remove: (policy, signal) => remove(graph, path`/policies/featureRolloutPolicies/${policy}`, signal),
  }
}

async function remove(graph: Graph, at: string, signal: AbortSignal): Promise<Outcome> {
  const sent = await attempt(graph, {method: 'DELETE', version: 'v1.0', path: at}, signal)
  return sent.error?.status === 404 && sent.error.kind === 'refused' ? alreadyDone(sent.error) : sent.outcome
}

/** Documented is `$expand` on one policy, so each is read by itself; there is one for a feature. */
async function list(graph: Graph, signal: AbortSignal): Promise<readonly RolloutPolicy[]> {
  const request = {method: 'GET', version: 'v1.0', path: POLICIES, headers} as const
  const found: RolloutPolicy[] = []
  for await (const page of graph.pages(request, signal))
    for (const {id} of page as readonly FeatureRolloutPolicy[]) {
      if (!id) continue
      const answer = await graph.read(
        {
          method: 'GET',
          version: 'v1.0',
          path: path`/policies/featureRolloutPolicies/${id}`,
          query: {$expand: 'appliesTo'},
          headers,
        },
        signal,
      )
      found.push(policyOf(id, answer.body as FeatureRolloutPolicy))
    }
  return found
}

function policyOf(id: string, body: FeatureRolloutPolicy): RolloutPolicy {
  const groups = (body.appliesTo ?? []) as readonly (DirectoryObject & {
    readonly displayName?: string | null
  })[]
  return {
    id,
    displayName: body.displayName ?? id,
    description: body.description ?? undefined,
    feature: body.feature ?? 'unknownFutureValue',
    isEnabled: body.isEnabled === true,
    isAppliedToOrganization: body.isAppliedToOrganization === true,
    groups: groups.flatMap((group) =>
      group.id ? [{id: group.id as ObjectId, displayName: group.displayName ?? group.id}] : [],
    ),
  }
}
