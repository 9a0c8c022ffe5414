import {readFile, stat} from 'node:fs/promises'
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
} from 'yaml'
import type {z} from 'zod'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import {printable} from '../model/printable.js'
import {fieldName, type TopologyFile, type TopologyPath} from '../model/topology.js'
import {topologySchema} from './topology-schema.js'

/** No topology that people write by hand is longer. */
const MAX_BYTES = 1024 * 1024
/** More faults than anybody corrects in one go. */
const MAX_FAULTS = 50

interface Fault {
  readonly line: number
  readonly field?: string | undefined
  readonly problem: string
}

/**
 * Reads and checks a topology file (YAML, so JSON too). Throws MfaError `data` that names every fault with file, line and
 * field. Nothing that the file says is run or looked up: anchors, aliases and tags are refused.
 */
export async function readTopology(path: string): Promise<TopologyFile> {
  return parseTopology(await readText(path), path)
}

/** As `readTopology`, of a text that is there already; `path` is for messages. */
export function parseTopology(text: string, path: string): TopologyFile {
  const counter = new LineCounter()
  const documents = parseAllDocuments(text, {lineCounter: counter, uniqueKeys: true, prettyErrors: false})
  const lineAt = (offset: number): number => Math.max(1, counter.linePos(Math.max(0, offset)).line)
  const list: readonly Document[] = Array.isArray(documents) ? documents : []
  const [document, second] = list
  if (document === undefined || (isScalar(document.contents) && document.contents.value === null))
    throw broken(path, [{line: 1, problem: 'is empty'}])
  const faults = yamlFaults(list, lineAt)
  if (second !== undefined)
    faults.push({
      line: lineAt(second.range?.[0] ?? 0),
      problem: 'a second document begins here; write one topology a file',
    })
  if (faults.length > 0) throw broken(path, faults)
  if (!isMap(document.contents))
    throw broken(path, [
      {line: 1, problem: 'is not a topology: it must begin with keys such as version: and servers:'},
    ])
  const lineOf = linesIn(document, lineAt)
  const checked = topologySchema.safeParse(document.toJS({maxAliasCount: 0}))
  if (!checked.success)
    throw broken(
      path,
      checked.error.issues.flatMap((issue) => issueFaults(issue, lineOf)),
    )
  return {path, topology: checked.data, lineOf}
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer
  try {
    const {size} = await stat(path)
    if (size > MAX_BYTES)
      throw new MfaError('TOPOLOGY_TOO_BIG', `${path} is no topology: it has ${size} bytes`, {
        exit: 'data',
        fix: `A topology file has at most ${MAX_BYTES} bytes. Is this the right file?`,
      })
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof MfaError) throw error
    const code = errorCode(error) ?? 'unreadable'
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code
    throw new MfaError('TOPOLOGY_UNREADABLE', `${path} cannot be read: ${why}`, {
      exit: 'data',
      fix: 'Give the path of a topology file; examples/topology/ has some to begin with.',
      cause: error,
    })
  }
  try {
    const text = new TextDecoder('utf-8', {fatal: true}).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // Said below.
  }
  throw new MfaError('TOPOLOGY_NOT_TEXT', `${path} is no topology: it is not UTF-8 text`, {
    exit: 'data',
    fix: 'Save it as UTF-8, or give the path of another file.',
  })
}

/** What YAML itself has against the text, and what of YAML is not for topologies. */
function yamlFaults(documents: readonly Document[], lineAt: (offset: number) => number): Fault[] {
  const faults: Fault[] = []
  for (const document of documents) {
    for (const {code, pos, message} of [...document.errors, ...document.warnings])
      faults.push({line: lineAt(pos[0]), problem: YAML_PROBLEMS[code] ?? `is not valid YAML: ${message}`})
    visit(document, {
      Pair: (_key, {key}) => {
        if (isNode(key) && !isScalar(key))
          faults.push({line: lineOfNode(key, lineAt), problem: 'a key must be a plain text'})
      },
      Alias: (_key, node) => {
        faults.push({
          line: lineOfNode(node, lineAt),
          problem: 'an alias (*name) stands here; write the value out',
        })
      },
      Value: (_key, node) => {
        if (node.anchor !== undefined)
          faults.push({
            line: lineOfNode(node, lineAt),
            problem: `the anchor &${node.anchor} stands here; write the value out`,
          })
      },
    })
  }
  return faults
}

const YAML_PROBLEMS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab stands where YAML wants spaces',
  DUPLICATE_KEY: 'this key is there twice',
  TAG_RESOLVE_FAILED: 'a tag (!name) stands here; topologies have none',
  RESOURCE_EXHAUSTION: 'is nested far deeper than any topology',
  BAD_ALIAS: 'an alias (*name) stands here; write the value out',
}

const lineOfNode = (node: Node, lineAt: (offset: number) => number): number => lineAt(node.range?.[0] ?? 0)

/** A key's own line; of an entry of a list the line it begins on; else the nearest around it. */
function linesIn(document: Document, lineAt: (offset: number) => number): (path: TopologyPath) => number {
  return (path) => {
    let node: unknown = document.contents
    let line = isNode(node) ? lineOfNode(node, lineAt) : 1
    for (const part of path) {
      let found: unknown
      if (isMap(node)) {
        const pair = node.items.find(({key}) => isScalar(key) && String(key.value) === String(part))
        if (!isPair(pair)) return line
        if (isNode(pair.key)) line = lineOfNode(pair.key, lineAt)
        found = pair.value
      } else if (isSeq(node) && typeof part === 'number') {
        found = node.items[part]
        if (isNode(found)) line = lineOfNode(found, lineAt)
      }
      if (found === undefined) return line
      node = found
    }
    return line
  }
}

type Issue = z.core.$ZodIssue

function issueFaults(issue: Issue, lineOf: (path: TopologyPath) => number): readonly Fault[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      line: lineOf([...path, key]),
      field: fieldName([...path, key]),
      problem: SECRET_KEY.test(key)
        ? 'is not a key that is known here, and secrets do not belong in this file: they come from MFA_RADIUS_SECRET and MFA_SOURCE_PASSWORD'
        : 'is not a key that is known here',
    }))
  // A union says only that nothing fits; the branch that got furthest knows better.
  const inner = issue.code === 'invalid_union' ? deepest(issue.errors) : undefined
  if (inner !== undefined) return issueFaults({...inner, path: [...path, ...inner.path]}, lineOf)
  return [{line: lineOf(path), field: fieldName(path), problem: problemOf(issue)}]
}

const SECRET_KEY = /secret|password|passphrase/i

const deepest = (branches: readonly (readonly Issue[])[]): Issue | undefined =>
  branches.flat().find((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys')

function problemOf(issue: Issue): string {
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined && /received undefined/.test(issue.message)) return 'is missing'
    return `must be ${WORDS[issue.expected] ?? issue.expected}`
  }
  if (issue.code === 'invalid_value' && issue.values.length > 1)
    return `must be one of ${issue.values.map(String).join(', ')}`
  // Ours are written as they are to be read, and may begin with a name.
  if (issue.code === 'custom') return issue.message
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number (without quotes)',
  number: 'a number (without quotes)',
  boolean: 'true or false (not yes or no)',
  array: 'a list',
  object: 'a group of keys',
}

/** All faults in one error, in the order of the lines. */
function broken(path: string, faults: readonly Fault[]): MfaError {
  const sorted = faults.toSorted((one, other) => one.line - other.line)
  const lines = [
    ...new Set(
      sorted.map(
        ({line, field, problem}) =>
          `line ${line}${field ? `, field ${printable(field)}` : ''}: ${printable(problem)}`,
      ),
    ),
  ]
  const [first = ''] = lines
  const more = lines.length > MAX_FAULTS ? [`… and ${lines.length - MAX_FAULTS} more`] : []
  const message =
    lines.length === 1
      ? `${path}, ${first}`
      : `${path} has ${lines.length} faults:\n${[...lines.slice(0, MAX_FAULTS).map((line) => `${path}, ${line}`), ...more].map((line) => `  ${line}`).join('\n')}`
  return new MfaError('TOPOLOGY_INVALID', message, {
    exit: 'data',
    fix: 'Correct the file. docs/high-availability.md explains every key; an editor completes them with docs/schema/topology.schema.json.',
  })
}
