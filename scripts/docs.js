// Writes docs/commands, docs/schema and docs/exit-codes.md anew. Run `npm run build` first; test/unit/docs-generated.test.ts compares.
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'

import {answersJsonSchema} from '../dist/lib/assessment/answers-schema.js'
import {EXIT, EXIT_MEANING} from '../dist/lib/errors/exit-codes.js'
import {pages} from './docs-pages.js'

const docs = new URL('../docs/', import.meta.url)
const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'))

const table = Object.entries(EXIT).map(([name, code]) => ({code, name, meaning: EXIT_MEANING[name]}))
const made = pages(read('oclif.manifest.json'), read('package.json').oclif, table)

mkdirSync(new URL('commands/', docs), {recursive: true})
for (const name of readdirSync(new URL('commands/', docs)))
  if (!made.has(`commands/${name}`)) rmSync(new URL(`commands/${name}`, docs))
mkdirSync(new URL('schema/', docs), {recursive: true})
writeFileSync(
  new URL('schema/answers.schema.json', docs),
  `${JSON.stringify(answersJsonSchema(), null, 2)}\n`,
)
for (const [path, text] of made) writeFileSync(new URL(path, docs), text)
process.stdout.write(`${made.size} pages\n`)
