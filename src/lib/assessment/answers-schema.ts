import {z} from 'zod'

import type {Answers} from './answers.js'
import {CATALOGUE} from './catalogue.js'

const status = z.enum(['open', 'done'])
const line = z.string().max(2000)

const item = z
  .strictObject({
    name: line.min(1, 'must not be empty').describe('Name of the client, relying party, range, …'),
    status: status.default('open').describe('done once nothing is left to do about it'),
    who: line.optional().describe('Who does it'),
    note: line.optional(),
  })
  .describe('One thing that the answer is about')

const answer = z.strictObject({
  answer: z.enum(['yes', 'no', 'unknown']).describe('unknown blocks as an open yes does'),
  status: status.optional().describe('What is done about it as a whole'),
  items: z.array(item).optional(),
  who: line.optional().describe('Who does it'),
  note: line.optional(),
})

/** The answers file of `mfa server assess`: what people know and no program can read. */
export const answersSchema = z
  .strictObject({
    $schema: z.string().optional(),
    schemaVersion: z.literal(1),
    answers: z.strictObject(
      Object.fromEntries(
        CATALOGUE.map(({id, title, question}) => [id, answer.optional().describe(question ?? title)]),
      ),
    ),
  })
  .describe('Answers for mfa server assess')

/** The published schema (JSON Schema 2020-12), for editors and pipelines. */
export function answersJsonSchema(): object {
  return z.toJSONSchema(answersSchema, {io: 'input'})
}

/** The answers in data that was read from a file, or everything that is wrong with it, each with its place. */
export function checkAnswers(
  data: unknown,
):
  | {readonly value: Answers}
  | {readonly issues: readonly {readonly path: readonly (string | number)[]; readonly message: string}[]} {
  const result = answersSchema.safeParse(data)
  if (result.success) return {value: result.data.answers}
  return {
    issues: result.error.issues.flatMap((issue) => {
      const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
      if (issue.code !== 'unrecognized_keys')
        return [{path, message: isMissing(data, path) ? 'is missing' : plain(issue.message, path.at(-1))}]
      return issue.keys.map((key) => ({path: [...path, key], message: unknownKey(key, path)}))
    }),
  }
}

function plain(message: string, field: string | number | undefined): string {
  if (field === 'answer') return 'must be yes, no or unknown'
  if (field === 'status') return 'must be open or done'
  if (field === 'schemaVersion') return 'must be 1'
  return message.charAt(0).toLowerCase() + message.slice(1)
}

function unknownKey(key: string, path: readonly (string | number)[]): string {
  return path.at(-1) === 'answers'
    ? `there is no dependency ${key}; they are ${CATALOGUE.map(({id}) => id).join(', ')}`
    : 'is not known here'
}

function isMissing(data: unknown, path: readonly (string | number)[]): boolean {
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    data,
  )
  return path.length > 0 && found === undefined
}
