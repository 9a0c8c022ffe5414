import type {
  AuthenticationMethodsPolicy,
  AuthenticationMethodsRegistrationCampaign,
} from '@microsoft/microsoft-graph-types'
import type {Campaign, Campaigns} from '../ports/sign-in-help.js'
import {attempt} from './outcomes.js'
import type {Graph} from './transport/graph.js'

const POLICY = '/policies/authenticationMethodsPolicy'
const STATES = ['default', 'enabled', 'disabled'] as const

/** The registration campaign through Graph v1.0. */
export function createCampaigns(graph: Graph): Campaigns {
  return {
    async read(signal) {
      const {body} = await graph.read({method: 'GET', version: 'v1.0', path: POLICY}, signal)
      const {registrationEnforcement} = body as AuthenticationMethodsPolicy
      const campaign = registrationEnforcement?.authenticationMethodsRegistrationCampaign
      return campaign ? campaignOf(campaign) : undefined
    },
    async write(campaign, signal) {
      const request = {
        method: 'PATCH',
        version: 'v1.0',
        path: POLICY,
        body: () => ({
          registrationEnforcement: {authenticationMethodsRegistrationCampaign: bodyOf(campaign)},
        }),
      } as const
      return (await attempt(graph, request, signal)).outcome
    },
  }
}

function campaignOf(campaign: AuthenticationMethodsRegistrationCampaign): Campaign {
  const type = (text: string | null | undefined) => (text === 'user' ? 'user' : 'group')
  return {
    state: STATES.find((state) => state === campaign.state) ?? 'unknownFutureValue',
    snoozeDays: campaign.snoozeDurationInDays ?? 1,
    include: (campaign.includeTargets ?? []).flatMap(({id, targetType, targetedAuthenticationMethod}) =>
      id ? [{id, targetType: type(targetType), method: targetedAuthenticationMethod ?? undefined}] : [],
    ),
    exclude: (campaign.excludeTargets ?? []).flatMap(({id, targetType}) =>
      id ? [{id, targetType: type(targetType)}] : [],
    ),
  }
}

function bodyOf({state, snoozeDays, include, exclude}: Campaign): object {
  return {
    state,
    snoozeDurationInDays: snoozeDays,
    includeTargets: include.map(({id, targetType, method}) => ({
      id,
      targetType,
      ...(method === undefined ? {} : {targetedAuthenticationMethod: method}),
    })),
    excludeTargets: exclude.map(({id, targetType}) => ({id, targetType})),
  }
}
