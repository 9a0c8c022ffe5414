/** A refusal in Graph's shape. Thrown by handlers; the transaction of the request is rolled back. */
export class GraphFault extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'GraphFault'
    this.status = status
    this.code = code
  }
}

/** 400 of the directory. */
export function badRequest(message: string): GraphFault {
  return new GraphFault(400, 'Request_BadRequest', message)
}

/** 400 for a query that the directory does not answer, or not without ConsistencyLevel. */
export function unsupportedQuery(message: string): GraphFault {
  return new GraphFault(400, 'Request_UnsupportedQuery', message)
}

/** 404 of the directory. */
export function notFound(id: string): GraphFault {
  return new GraphFault(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )
}

/** 400 of the authentication methods service, whose codes are lower camel case. */
export function methodRefused(message: string): GraphFault {
  return new GraphFault(400, 'badRequest', message)
}

/** 404 of the authentication methods service. */
export function methodNotFound(id: string): GraphFault {
  return new GraphFault(404, 'resourceNotFound', `The requested resource '${id}' was not found.`)
}

/** The body that every failed Graph request has. */
export function errorBody(code: string, message: string, ids: {request: string; client: string}, now: Date) {
  return {
    error: {
      code,
      message,
      innerError: {
        date: now.toISOString().slice(0, 19),
        'request-id': ids.request,
        'client-request-id': ids.client,
      },
    },
  }
}
