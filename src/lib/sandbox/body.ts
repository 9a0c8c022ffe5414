import type {z} from 'zod'

import type {Call} from './call.js'
import type {GraphFault} from './graph-fault.js'

/** The body in the shape that the operation wants. Throws what `refuse` makes of the first fault. */
export function readBody<Schema extends z.ZodType>(
  call: Call,
  schema: Schema,
  refuse: (message: string) => GraphFault,
): z.infer<Schema> {
  if (call.body === undefined) throw refuse('A request body is required.')
  const checked = schema.safeParse(call.body)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const where = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.map(String).join('.')
  throw refuse(`Invalid request: ${where}: ${issue?.message ?? 'not as described'}`)
}
