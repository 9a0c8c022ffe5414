import type {GraphVersion} from './call.js'
import {GraphFault} from './graph-fault.js'
import type {Method, Route} from './router.js'

/** Paths of Graph that the sandbox does not answer yet. */
const PATHS: readonly (readonly [template: string, methods: readonly Method[], version?: GraphVersion])[] = [
  ['/users', ['POST']],
  ['/users/{user}', ['PATCH', 'DELETE']],
  ['/users/delta', ['GET']],
  ['/groups', ['POST']],
  ['/groups/{group}', ['PATCH', 'DELETE']],
  ['/groups/delta', ['GET']],
  ['/groups/{group}/members/$ref', ['GET', 'POST']],
  ['/groups/{group}/members/{object}/$ref', ['DELETE']],
  ['/policies/featureRolloutPolicies', ['GET', 'POST']],
  ['/policies/featureRolloutPolicies/{policy}', ['GET', 'PATCH', 'DELETE']],
  ['/policies/featureRolloutPolicies/{policy}/appliesTo', ['GET']],
  ['/policies/featureRolloutPolicies/{policy}/appliesTo/$ref', ['GET', 'POST']],
  ['/policies/featureRolloutPolicies/{policy}/appliesTo/{object}/$ref', ['DELETE']],
  ['/domains', ['GET']],
  ['/domains/{domain}', ['GET']],
  ['/domains/{domain}/federationConfiguration', ['GET', 'POST']],
  ['/domains/{domain}/federationConfiguration/{configuration}', ['GET', 'PATCH', 'DELETE']],
  ['/applications/{application}/addPassword', ['POST']],
  ['/auditLogs/directoryAudits', ['GET']],
  ['/auditLogs/directoryAudits/{audit}', ['GET']],
  ['/reports/authenticationMethods/userRegistrationDetails', ['GET']],
  ['/reports/authenticationMethods/userRegistrationDetails/{details}', ['GET']],
]

export const NOT_IMPLEMENTED: readonly Route[] = PATHS.flatMap(([template, methods, version]) =>
  methods.map((method) => ({
    method,
    template,
    version,
    permissions: [],
    handler: () => {
      throw new GraphFault(501, 'NotImplemented', `The sandbox tenant does not answer ${method} ${template}.`)
    },
  })),
)
