import type {GraphVersion} from './call.js'
import {GraphFault} from './graph-fault.js'
import type {Method, Route} from './router.js'

/** Paths of Graph that the sandbox does not answer yet. */
const PATHS: readonly (readonly [template: string, methods: readonly Method[], version?: GraphVersion])[] = [
  ['/users', ['POST']],
  ['/users/{user}', ['PATCH', 'DELETE']],
  ['/users/delta', ['GET']],
  ['/me', ['GET']],
  ['/groups', ['POST']],
  ['/groups/{group}', ['PATCH', 'DELETE']],
  ['/groups/delta', ['GET']],
  ['/groups/{group}/members/$ref', ['GET', 'POST']],
  ['/groups/{group}/members/{object}/$ref', ['DELETE']],
  ['/directoryRoles', ['GET']],
  ['/directoryRoles/{role}/members', ['GET']],
  ['/policies/featureRolloutPolicies', ['GET', 'POST']],
  ['/policies/featureRolloutPolicies/{policy}', ['GET', 'PATCH', 'DELETE']],
  ['/policies/featureRolloutPolicies/{policy}/appliesTo', ['GET']],
  ['/policies/featureRolloutPolicies/{policy}/appliesTo/$ref', ['GET', 'POST']],
  ['/policies/featureRolloutPolicies/{policy}/appliesTo/{object}/$ref', ['DELETE']],
  ['/applications', ['GET', 'POST']],
  ['/applications/{application}', ['GET', 'PATCH', 'DELETE']],
  ['/applications/{application}/addKey', ['POST']],
  ['/applications/{application}/removeKey', ['POST']],
  ['/applications/{application}/addPassword', ['POST']],
  ['/servicePrincipals', ['GET', 'POST']],
  ['/servicePrincipals/{principal}', ['GET', 'PATCH', 'DELETE']],
  ['/servicePrincipals/{principal}/appRoleAssignments', ['GET', 'POST']],
  ['/servicePrincipals/{principal}/appRoleAssignments/{assignment}', ['GET', 'DELETE']],
  ['/servicePrincipals/{principal}/appRoleAssignedTo', ['GET', 'POST']],
  ['/servicePrincipals/{principal}/appRoleAssignedTo/{assignment}', ['GET', 'DELETE']],
  ['/oauth2PermissionGrants', ['GET', 'POST']],
  ['/oauth2PermissionGrants/{grant}', ['GET', 'PATCH', 'DELETE']],
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
