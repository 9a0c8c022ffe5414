import type {Outcome} from '../model/outcome.js'
import type {Clock} from '../ports/clock.js'
import {GraphError} from './transport/graph-error.js'
import type {GraphAnswer, GraphRequest} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

export type Attempt =
  | {readonly answer: GraphAnswer; readonly error?: undefined; readonly outcome: Outcome}
  /** The outcome says what is known; the error, why. */
  | {readonly answer?: undefined; readonly error: GraphError; readonly outcome: Outcome}

/** Sends one write and puts what came of it in R1's words. What concerns every user is thrown. */
export async function attempt(graph: Graph, request: GraphRequest, signal: AbortSignal): Promise<Attempt> {
  try {
    const answer = await graph.write(request, signal)
    return {answer, outcome: {status: 'done', requestId: answer.requestId}}
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return {error, outcome: outcomeOf(error)}
  }
}

/** A token made a moment ago may not be known everywhere yet: milliseconds to wait between tries after a 404. */
const SETTLING_MS: readonly number[] = [1000, 2000, 4000, 8000]

/** As `attempt`, for what builds on an object that may be new: a 404 says that nothing happened, so it is tried again. */
export async function attemptOnNew(
  graph: Graph,
  request: GraphRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<Attempt> {
  for (const wait of SETTLING_MS) {
    const sent = await attempt(graph, request, signal)
    if (sent.error?.status !== 404) return sent
    await clock.sleep(wait, signal)
  }
  return attempt(graph, request, signal)
}

/** Reads back after a write. If that does not work, what the write itself said stands. */
export async function readBack<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof GraphError) return undefined
    throw error
  }
}

function outcomeOf(error: GraphError): Outcome {
  const {graphCode: code, message, requestId} = error
  if (error.kind === 'refused') return {status: 'failed', code, message, requestId}
  return {status: 'unknown', code, message}
}

export function isConflict(error: GraphError | undefined): boolean {
  return error?.kind === 'refused' && (error.status === 400 || error.status === 409)
}

export function alreadyDone(error: GraphError): Outcome {
  return {status: 'already-done', requestId: error.requestId}
}
