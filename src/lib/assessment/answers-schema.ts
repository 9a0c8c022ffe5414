import {z} from 'zod'

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
