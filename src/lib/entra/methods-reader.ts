import type {ObjectId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {ReadFailure} from '../ports/directory.js'
import {isReadFailure} from '../ports/directory.js'
import {wholeInventory} from './inventory.js'
import {lacksDevice, methodsOf, withDevices} from './methods.js'
import {GraphError} from './transport/graph-error.js'
import {path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

/**
 * Phones, app registrations, tokens and preference of each user: three requests a user, batched over all of them.
 * A user that cannot be read becomes a ReadFailure. What is beta only and missing in this cloud counts as empty,
 * with a warning.
 */
export async function readMethods(
  graph: Graph,
  users: readonly ObjectId[],
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<ReadonlyMap<ObjectId, EntraMethods | ReadFailure>> {
  // The first error that concerns everybody ends the reads of all the others.
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const distinct = [...new Set(users)]
  try {
    const read = await Promise.all(
      distinct.map(async (user) => [user, await readUser(graph, user, both, warn)] as const),
    )
    return await completed(graph, new Map(read), signal, warn)
  } catch (error) {
    stop.abort(error)
    throw error
  }
}

async function readUser(
  graph: Graph,
  user: ObjectId,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<EntraMethods | ReadFailure> {
  try {
    const [methods, hardware, preferences] = await Promise.all([
      list(graph, 'v1.0', path`/users/${user}/authentication/methods`, signal),
      betaOnly('hardware OATH tokens of users', [], warn, () =>
        list(graph, 'beta', path`/users/${user}/authentication/hardwareOathMethods`, signal),
      ),
      betaOnly('the default method of users', undefined, warn, async () => {
        const request = {
          method: 'GET',
          version: 'beta',
          path: path`/users/${user}/authentication/signInPreferences`,
        } as const
        return (await graph.read(request, signal)).body
      }),
    ])
    return methodsOf({methods, hardware, preferences})
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return {code: error.graphCode, message: error.message, requestId: error.requestId}
  }
}

async function list(
  graph: Graph,
  version: 'v1.0' | 'beta',
  from: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const all: unknown[] = []
  for await (const page of graph.pages({method: 'GET', version, path: from}, signal)) all.push(...page)
  return all
}

/** Runs a beta read; where this cloud does not have it, warns and gives `instead`. */
export async function betaOnly<T>(
  what: string,
  instead: T,
  warn: (text: string) => void,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof GraphError) || !isMissingSegment(error)) throw error
    warn(
      `This cloud's Microsoft Graph does not have ${what} (${error.graphCode}): they are taken to be none.`,
    )
    return instead
  }
}

/** The one place where the message counts: Graph has no code of its own for a path that it does not know. */
function isMissingSegment(error: GraphError): boolean {
  return (error.status === 400 || error.status === 404) && /\bsegment\b/i.test(error.message)
}

async function completed(
  graph: Graph,
  read: ReadonlyMap<ObjectId, EntraMethods | ReadFailure>,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<ReadonlyMap<ObjectId, EntraMethods | ReadFailure>> {
  const open = [...read.values()].some(
    (methods) => !isReadFailure(methods) && methods.hardwareOath.some(lacksDevice),
  )
  if (!open) return read
  const inventory = await betaOnly('an inventory of hardware OATH tokens', [], warn, () =>
    wholeInventory(graph, signal),
  )
  return new Map(
    [...read].map(([user, methods]) => [
      user,
      isReadFailure(methods) ? methods : withDevices(user, methods, inventory),
    ]),
  )
}
