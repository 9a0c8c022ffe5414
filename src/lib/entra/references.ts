import type {Graph} from './transport/graph.js'

/** An `@odata.id`: Graph takes references on the host that is asked, and https only. */
export const objectUrl = ({host}: Graph, id: string): string => `https://${host}/v1.0/directoryObjects/${id}`
