import {badRequest} from '../graph-fault.js'

const REFERENCE =
  /^https?:\/\/([^/]+)\/(?:v1\.0|beta)\/(?:directoryObjects|users|groups)\/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/

/**
 * Object id of an `@odata.id`, in lower case. The host has to be the one that was asked; the scheme is not looked at, since the
 * sandbox speaks plain http and Graph's references are https. Throws GraphFault 400.
 */
export function referenced(url: string, root: string): string {
  const [, host, id] = REFERENCE.exec(url) ?? []
  if (id === undefined || host?.toLowerCase() !== new URL(root).host)
    throw badRequest(`Invalid URL format specified in @odata.id for '${url}'.`)
  return id.toLowerCase()
}
