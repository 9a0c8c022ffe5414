import {badRequest} from '../graph-fault.js'

/** A GUID without quotation marks, as Edm.Guid properties are compared. */
export interface GuidLiteral {
  readonly guid: string
}

/** A moment without quotation marks, as Edm.DateTimeOffset properties are compared; in ms since 1970. */
export interface InstantLiteral {
  readonly instant: number
}

export type Literal = string | number | boolean | null | GuidLiteral | InstantLiteral
export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'

export interface Compared {
  readonly op: 'compare'
  readonly operator: Comparison
  readonly property: string
  readonly value: Literal
}

/** A $filter as a tree. */
export type Filter =
  | {readonly op: 'and'; readonly left: Filter; readonly right: Filter}
  | {readonly op: 'or'; readonly left: Filter; readonly right: Filter}
  | {readonly op: 'not'; readonly of: Filter}
  | Compared
  | {readonly op: 'in'; readonly property: string; readonly values: readonly Literal[]}
  | {readonly op: 'startswith'; readonly property: string; readonly value: string}
  | {readonly op: 'endswith'; readonly property: string; readonly value: string}

type Token =
  | {readonly kind: 'punctuation'; readonly text: string}
  | {readonly kind: 'word'; readonly text: string}
  | {readonly kind: 'string'; readonly text: string}

const TOKEN = /\s*(?:(?<punctuation>[(),])|'(?<string>(?:[^']|'')*)'|(?<word>[^\s(),']+))/gy
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)$/
const ANY = /^(?<list>.+)\/any$/
const MAX_DEPTH = 50

/** Reads the part of OData's $filter that the sandbox answers. Throws GraphFault 400. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(tokens(text), text)
  const filter = parser.either(0)
  parser.end()
  return filter
}

function tokens(text: string): Token[] {
  const found: Token[] = []
  const pattern = new RegExp(TOKEN)
  const trimmed = text.trimEnd()
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed)
    if (match?.groups === undefined) throw invalid(text)
    const {punctuation, string, word} = match.groups
    if (punctuation !== undefined) found.push({kind: 'punctuation', text: punctuation})
    else if (string !== undefined) found.push({kind: 'string', text: string.replaceAll("''", "'")})
    else if (word !== undefined) found.push({kind: 'word', text: word})
  }
  return found
}

class Parser {
  readonly #tokens: Token[]
  readonly #text: string
  #at = 0

  constructor(all: readonly Token[], text: string) {
    this.#tokens = [...all]
    this.#text = text
  }

  either(depth: number): Filter {
    let left = this.#both(depth)
    while (this.#takeWord('or')) left = {op: 'or', left, right: this.#both(depth)}
    return left
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw invalid(this.#text)
  }

  #both(depth: number): Filter {
    let left = this.#one(depth)
    while (this.#takeWord('and')) left = {op: 'and', left, right: this.#one(depth)}
    return left
  }

  #one(depth: number): Filter {
    if (depth > MAX_DEPTH) throw invalid(this.#text)
    if (this.#takeWord('not')) return {op: 'not', of: this.#one(depth + 1)}
    if (this.#take('(')) {
      const inner = this.either(depth + 1)
      this.#must(')')
      return inner
    }
    const word = this.#word()
    const name = word.toLowerCase()
    if ((name === 'startswith' || name === 'endswith') && this.#take('(')) return this.#call(name)
    const list = ANY.exec(word)?.groups?.['list']
    if (list !== undefined && this.#take('(')) return this.#any(list, depth)
    const operator = this.#word().toLowerCase()
    if (operator === 'in') return {op: 'in', property: word, values: this.#list()}
    if (isComparison(operator)) return {op: 'compare', operator, property: word, value: this.#literal()}
    throw invalid(this.#text)
  }

  #call(op: 'startswith' | 'endswith'): Filter {
    const property = this.#word()
    this.#must(',')
    const value = this.#literal()
    this.#must(')')
    if (typeof value !== 'string') throw invalid(this.#text)
    return {op, property, value}
  }

  /** `targetResources/any(t: t/id eq '…')`: the condition on one element, its properties named from the list on. */
  #any(list: string, depth: number): Filter {
    const [variable = '', first] = this.#word().split(':', 2)
    if (variable === '' || first === undefined) throw invalid(this.#text)
    const of = first === '' ? this.either(depth + 1) : this.#from(first, depth)
    this.#must(')')
    return renamed(of, `${variable}/`, `${list}/`, this.#text)
  }

  /** The variable and its condition came without a space between them. */
  #from(first: string, depth: number): Filter {
    this.#at -= 1
    this.#tokens[this.#at] = {kind: 'word', text: first}
    return this.either(depth + 1)
  }

  #list(): Literal[] {
    this.#must('(')
    const values = [this.#literal()]
    while (this.#take(',')) values.push(this.#literal())
    this.#must(')')
    return values
  }

  #literal(): Literal {
    const token = this.#tokens[this.#at]
    this.#at += 1
    if (token?.kind === 'string') return token.text
    if (token?.kind !== 'word') throw invalid(this.#text)
    if (token.text === 'null') return null
    if (token.text === 'true' || token.text === 'false') return token.text === 'true'
    if (INSTANT.test(token.text)) return {instant: Date.parse(token.text)}
    if (GUID.test(token.text)) return {guid: token.text.toLowerCase()}
    if (/^-?[0-9]+(\.[0-9]+)?$/.test(token.text)) return Number(token.text)
    throw invalid(this.#text)
  }

  #word(): string {
    const token = this.#tokens[this.#at]
    this.#at += 1
    if (token?.kind !== 'word') throw invalid(this.#text)
    return token.text
  }

  #takeWord(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' || token.text.toLowerCase() !== text) return false
    this.#at += 1
    return true
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'punctuation' || token.text !== text) return false
    this.#at += 1
    return true
  }

  #must(text: string): void {
    if (!this.#take(text)) throw invalid(this.#text)
  }
}

function renamed(filter: Filter, from: string, to: string, text: string): Filter {
  if (filter.op === 'and' || filter.op === 'or')
    return {
      ...filter,
      left: renamed(filter.left, from, to, text),
      right: renamed(filter.right, from, to, text),
    }
  if (filter.op === 'not') return {...filter, of: renamed(filter.of, from, to, text)}
  if (!filter.property.startsWith(from)) throw invalid(text)
  return {...filter, property: `${to}${filter.property.slice(from.length)}`}
}

function isComparison(word: string): word is Comparison {
  return COMPARISONS.has(word)
}

function invalid(text: string) {
  return badRequest(`Invalid filter clause: ${text}`)
}
