import {z} from 'zod'

import type {Answer} from './call.js'
import {ok} from './call.js'
import type {GraphRequest} from './engine.js'
import {badRequest, GraphFault} from './graph-fault.js'
import {splitUrl} from './url.js'

const MAX_ITEMS = 20

const itemSchema = z.strictObject({
  id: z.string().min(1),
  method: z.string().regex(/^(GET|POST|PATCH|PUT|DELETE)$/i, 'is not a method'),
  url: z
    .string()
    .min(1)
    .regex(/^\/?(?!https?:\/\/)/i, 'must be relative'),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
  dependsOn: z.array(z.string()).optional(),
})

const batchSchema = z.strictObject({requests: z.array(itemSchema).min(1).max(MAX_ITEMS)})

type Item = z.infer<typeof itemSchema>

/**
 * POST $batch. 400 as a whole if it is malformed; otherwise 200 with one answer an item, in no promised order.
 * An item whose dependency failed answers 424 and does nothing.
 */
export function answerBatch(request: GraphRequest, perform: (item: GraphRequest) => Answer): Answer {
  const checked = batchSchema.safeParse(request.body)
  if (!checked.success) {
    const issue = checked.error.issues[0]
    throw badRequest(
      `Invalid batch payload format: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`,
    )
  }
  const done = new Map<string, Answer>()
  for (const item of inOrder(checked.data.requests)) {
    const failed = item.dependsOn?.some((id) => (done.get(id)?.status ?? 500) >= 400) === true
    done.set(item.id, failed ? dependencyFailed() : performItem(item, request, perform))
  }
  // The order is not promised, so nobody should count on it.
  return ok({responses: [...done].toReversed().map(([id, answer]) => toResponse(id, answer))})
}

/** Dependencies first. Throws GraphFault 400: an id twice, a dependency that is not there, a circle. */
function inOrder(items: readonly Item[]): Item[] {
  const ids = new Set(items.map((item) => item.id))
  if (ids.size < items.length) throw badRequest('Invalid batch payload format: an id is used twice.')
  const waiting = [...items]
  const ordered: Item[] = []
  const placed = new Set<string>()
  while (waiting.length > 0) {
    const at = waiting.findIndex((item) => (item.dependsOn ?? []).every((id) => placed.has(id)))
    const [next] = at < 0 ? [] : waiting.splice(at, 1)
    if (next === undefined)
      throw badRequest('Invalid batch payload format: dependsOn names no request, or a circle.')
    ordered.push(next)
    placed.add(next.id)
  }
  return ordered
}

function performItem(item: Item, outer: GraphRequest, perform: (item: GraphRequest) => Answer): Answer {
  const headers = Object.fromEntries(
    Object.entries(item.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const {path, query} = splitUrl(item.url.startsWith('/') ? item.url : `/${item.url}`)
  const request: GraphRequest = {
    version: outer.version,
    method: item.method.toUpperCase(),
    path,
    query,
    headers: {'client-request-id': outer.headers['client-request-id'] ?? item.id, ...headers},
    body: item.body,
    caller: outer.caller,
  }
  const hasType = headers['content-type']?.toLowerCase().startsWith('application/json') === true
  if (item.body !== undefined && !hasType) {
    return refused('A request with a body needs the header Content-Type: application/json.')
  }
  return path === '/$batch' ? refused('A batch cannot be inside a batch.') : perform(request)
}

function toResponse(id: string, answer: Answer): object {
  const contentType = answer.contentType ?? 'application/json'
  return {
    id,
    status: answer.status,
    headers: {...answer.headers, ...(answer.body === undefined ? {} : {'Content-Type': contentType})},
    ...(answer.body === undefined ? {} : {body: answer.body}),
  }
}

function dependencyFailed(): Answer {
  return plain(new GraphFault(424, 'FailedDependency', 'A request that this one depends on failed.'))
}

function refused(message: string): Answer {
  return plain(badRequest(message))
}

function plain({status, code, message}: GraphFault): Answer {
  return {status, body: {error: {code, message}}}
}
