import type {
  TemporaryAccessPassAuthenticationMethod,
  TemporaryAccessPassAuthenticationMethodConfiguration,
} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../errors/mfa-error.js'
import {Secret} from '../model/secret.js'
import type {IssuedPass, PassPolicy, TemporaryPasses} from '../ports/sign-in-help.js'
import {alreadyDone, attempt} from './outcomes.js'
import {GraphError} from './transport/graph-error.js'
import {path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

const CONFIGURATION =
  '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass'
const OFF: PassPolicy = {
  enabled: false,
  include: [],
  exclude: [],
  minimum: 10,
  maximum: 43_200,
  standard: 60,
  isUsableOnce: false,
}

/** Temporary Access Passes through Graph v1.0. */
export function createTemporaryPasses(graph: Graph): TemporaryPasses {
  return {
    async policy(signal) {
      try {
        const {body} = await graph.read({method: 'GET', version: 'v1.0', path: CONFIGURATION}, signal)
        return policyOf(body as TemporaryAccessPassAuthenticationMethodConfiguration)
      } catch (error) {
        if (error instanceof GraphError && (error.status === 404 || error.status === 400)) return OFF
        throw error
      }
    },
    async of(user, signal) {
      const found: TemporaryAccessPassAuthenticationMethod[] = []
      const request = {
        method: 'GET',
        version: 'v1.0',
        path: path`/users/${user}/authentication/temporaryAccessPassMethods`,
      } as const
      for await (const page of graph.pages(request, signal))
        found.push(...(page as readonly TemporaryAccessPassAuthenticationMethod[]))
      return found.flatMap(({id, isUsable, methodUsabilityReason}) =>
        id ? [{id, isUsable: isUsable !== false || !/expired/i.test(methodUsabilityReason ?? '')}] : [],
      )
    },
    async issue(user, {lifetimeMinutes, isUsableOnce, startsAt}, signal) {
      const body = {
        lifetimeInMinutes: lifetimeMinutes,
        ...(isUsableOnce === undefined ? {} : {isUsableOnce}),
        ...(startsAt === undefined ? {} : {startDateTime: startsAt}),
      }
      const request = {
        method: 'POST',
        version: 'v1.0',
        path: path`/users/${user}/authentication/temporaryAccessPassMethods`,
        body: () => body,
      } as const
      const {answer, outcome} = await attempt(graph, request, signal)
      return answer === undefined ? {outcome} : {outcome, issued: issuedOf(answer.body)}
    },
    async remove(user, id, signal) {
      const request = {
        method: 'DELETE',
        version: 'v1.0',
        path: path`/users/${user}/authentication/temporaryAccessPassMethods/${id}`,
      } as const
      const sent = await attempt(graph, request, signal)
      return sent.error?.status === 404 && sent.error.kind === 'refused'
        ? alreadyDone(sent.error)
        : sent.outcome
    },
  }
}

/** The text goes into a Secret before anything else sees the answer. */
function issuedOf(body: unknown): IssuedPass {
  const {id, temporaryAccessPass, startDateTime, lifetimeInMinutes, isUsableOnce} =
    body as TemporaryAccessPassAuthenticationMethod
  if (!id || !temporaryAccessPass)
    throw new MfaError('PASS_NOT_SHOWN', 'Microsoft Entra issued a pass and did not say which', {
      exit: 'unavailable',
      fix: 'Run the same command again with --replace.',
    })
  return {
    id,
    pass: new Secret(temporaryAccessPass),
    startsAt: startDateTime ?? '',
    lifetimeMinutes: lifetimeInMinutes ?? 0,
    isUsableOnce: isUsableOnce === true,
  }
}

function policyOf(found: TemporaryAccessPassAuthenticationMethodConfiguration): PassPolicy {
  return {
    enabled: found.state === 'enabled',
    include: (found.includeTargets ?? []).flatMap(({id}) => id ?? []),
    exclude: (found.excludeTargets ?? []).flatMap(({id}) => id ?? []),
    minimum: found.minimumLifetimeInMinutes ?? OFF.minimum,
    maximum: found.maximumLifetimeInMinutes ?? OFF.maximum,
    standard: found.defaultLifetimeInMinutes ?? OFF.standard,
    isUsableOnce: found.isUsableOnce === true,
  }
}
