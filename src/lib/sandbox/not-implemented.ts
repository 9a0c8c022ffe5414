import type {GraphVersion} from './call.js'
import {GraphFault} from './graph-fault.js'
import type {Method, Route} from './router.js'

/** Paths of Graph that the sandbox does not answer yet. */
const PATHS: readonly (readonly [template: string, methods: readonly Method[], version?: GraphVersion])[] = [
  ['/users', ['POST']],
  ['/users/{user}', ['PATCH', 'DELETE']],
  ['/users/delta', ['GET']],
  ['/groups/{group}', ['DELETE']],
  ['/groups/delta', ['GET']],
  ['/applications/{application}/addPassword', ['POST']],
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
