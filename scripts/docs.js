// Writes docs/commands, docs/exit-codes.md and docs/schema anew. Run `npm run build` first; tests compare.
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'

import {answersJsonSchema} from '../dist/lib/assessment/answers-schema.js'
import {topologyJsonSchema} from '../dist/lib/config/topology-schema.js'
import {EXIT, EXIT_MEANING} from '../dist/lib/errors/exit-codes.js'
import {pages} from './docs-pages.js'

const docs = new URL('../docs/', import.meta.url)
const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'))

const table = Object.entries(EXIT).map(([name, code]) => ({code, name, meaning: EXIT_MEANING[name]}))
const made = pages(read('oclif.manifest.json'), read('package.json').oclif, table)

mkdirSync(new URL('commands/', docs), {recursive: true})
for (const name of readdirSync(new URL('commands/', docs)))
  if (!made.has(`commands/${name}`)) rmSync(new URL(`commands/${name}`, docs))
for (const [path, text] of made) writeFileSync(new URL(path, docs), text)
mkdirSync(new URL('schema/', docs), {recursive: true})
const schemas = {answers: answersJsonSchema(), topology: topologyJsonSchema()}
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(new URL(`schema/${name}.schema.json`, docs), `${JSON.stringify(schema, null, 2)}\n`)
process.stdout.write(`${made.size} pages\n`)
