import {readFile} from 'node:fs/promises'

import {type Document, isNode, LineCounter, parseDocument} from 'yaml'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import {shellWord} from '../model/shell-word.js'

/** What is wrong with a value, and where it stands in the data. */
export interface AnswersIssue {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** The data understood, or everything that is wrong with it. */
export type CheckAnswers<T> = (
  data: unknown,
) => {readonly value: T} | {readonly issues: readonly AnswersIssue[]}

const EXAMPLE = 'Make one with: mfa server assess --answers FILE --init'

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
}

/** A file that holds more than this is no answers file. */
const MAX_BYTES = 4_000_000

/**
 * Reads YAML or JSON, which is YAML too. Throws MfaError: `usage` if there is no such file, `data` with every fault by
 * file, line and field.
 */
export async function readAnswersFile<T>(path: string, check: CheckAnswers<T>): Promise<T> {
  const {document, lines} = parse(path, await textOf(path))
  const checked = check(document.toJS({maxAliasCount: 0}))
  if ('value' in checked) return checked.value
  throw faulty(
    checked.issues.map(({path: at, message}) => ({
      line: lineOf(document, lines, at),
      field: at.join('.') || '(whole file)',
      message,
    })),
    path,
  )
}

/** The file's text with answers put in, comments and order kept. Each answer goes to `answers.<id>.answer`. */
export async function withAnswers(path: string, answers: Readonly<Record<string, string>>): Promise<string> {
  const text = await textOf(path)
  const {document} = parse(path, text)
  if (text.trimStart().startsWith('{')) {
    const data = document.toJS({maxAliasCount: 0}) as {answers?: Record<string, object>}
    data.answers ??= {}
    for (const [id, answer] of Object.entries(answers)) data.answers[id] = {...data.answers[id], answer}
    return `${JSON.stringify(data, null, 2)}\n`
  }
  for (const [id, answer] of Object.entries(answers)) document.setIn(['answers', id, 'answer'], answer)
  return document.toString({lineWidth: 0})
}

function parse(path: string, text: string): {readonly document: Document; readonly lines: LineCounter} {
  const lines = new LineCounter()
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false})
  if (document.errors.length > 0) {
    throw faulty(
      document.errors.map(({pos, message}) => ({
        line: lines.linePos(pos[0]).line,
        field: undefined,
        message: message.split('\n')[0] ?? message,
      })),
      path,
    )
  }
  return {document, lines}
}

/** The line of the value; where it is missing, of what it is missing in. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

async function textOf(path: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    if (bytes.length > MAX_BYTES)
      throw new MfaError('ANSWERS_INVALID', `${path} is no answers file: it is too long`, {
        exit: 'data',
        fix: EXAMPLE,
      })
    return bytes.toString('utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    if (error instanceof MfaError) throw error
    const code = errorCode(error) ?? 'unreadable'
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
    throw new MfaError('ANSWERS_FILE', `--answers ${path} cannot be read: ${WHY[code] ?? code}`, {
      exit: 'usage',
      fix: isMissing ? `Make it with: mfa server assess --answers ${shellWord(path)} --init` : EXAMPLE,
    })
  }
}

interface Fault {
  readonly line: number
  readonly field: string | undefined
  readonly message: string
}

function faulty(faults: readonly Fault[], path: string): MfaError {
  const texts = faults.map(
    ({line, field, message}) => `${path}, line ${line}${field === undefined ? '' : `, ${field}`}: ${message}`,
  )
  const message =
    texts.length === 1
      ? (texts[0] ?? '')
      : `${texts.length} faults:\n${texts.map((text) => `  ${text}`).join('\n')}`
  return new MfaError('ANSWERS_INVALID', message, {
    exit: 'data',
    fix: 'Correct these places; docs/assess.md describes the file.',
  })
}
