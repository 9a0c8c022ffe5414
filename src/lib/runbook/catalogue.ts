import type EN from './languages/en.json'

import {MfaError} from '../errors/mfa-error.js'

/** Names of all messages: those of the English catalogue. */
export type MessageKey = keyof (typeof EN)['messages']
export type Message = string | readonly string[]
export type Values = Readonly<Record<string, string | number>>

/** One language: a file in `languages/`, named after its code. */
export interface Catalogue {
  /** BCP 47, such as `de`. */
  readonly language: string
  readonly name: string
  /** What spreadsheets expect between the columns of a CSV file where the language is spoken. */
  readonly csvSeparator: ',' | ';'
  readonly messages: Readonly<Record<MessageKey, Message>>
}

/** Every `{name}` of a message, each once, sorted. */
export const placeholders = (message: Message): readonly string[] =>
  [
    ...new Set(
      [message].flat().flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)),
    ),
  ].sort()

/**
 * A language file against the English one: every message, of the same kind, with the same placeholders, and nothing else.
 * Throws MfaError `data` with every fault.
 */
export function checkCatalogue(
  file: string,
  found: unknown,
  english: Pick<Catalogue, 'messages'>,
): Catalogue {
  const {messages = {}} = (found ?? {}) as {messages?: Record<string, unknown>}
  const faults = Object.entries(english.messages).flatMap(([key, message]) =>
    faultsOf(messages[key], message).map((fault) => `${file}, ${key}: ${fault}`),
  )
  for (const key of Object.keys(messages))
    if (!(key in english.messages)) faults.push(`${file}, ${key}: no such message`)
  const {language, name, csvSeparator} = (found ?? {}) as Partial<Catalogue>
  if (csvSeparator !== ',' && csvSeparator !== ';') faults.unshift(`${file}: csvSeparator must be , or ;`)
  if (typeof language !== 'string' || typeof name !== 'string')
    faults.unshift(`${file}: language and name must be texts`)
  if (faults.length > 0) throw new MfaError('LANGUAGE', faults.join('\n'), {exit: 'data'})
  return found as Catalogue
}

function faultsOf(found: unknown, message: Message): readonly string[] {
  const isList = Array.isArray(found) && found.every((text) => typeof text === 'string')
  if (typeof message === 'string' ? typeof found !== 'string' : !isList)
    return [`must be ${typeof message === 'string' ? 'a text' : 'a list of texts'}`]
  const [has, wanted] = [placeholders(found as Message), placeholders(message)]
  return has.join() === wanted.join()
    ? []
    : [`has the placeholders ${has.join(', ')}, not ${wanted.join(', ')}`]
}

/** Takes messages out of one catalogue and fills them in. */
export interface Words {
  readonly language: string
  readonly csvSeparator: Catalogue['csvSeparator']
  /** `50,000` as the language writes it. */
  number(value: number): string
  /** Throws a plain Error, which is a bug, where a value is missing. */
  text(key: MessageKey, values?: Values): string
  list(key: MessageKey, values?: Values): readonly string[]
}

export function wordsOf({language, csvSeparator, messages}: Catalogue): Words {
  const numbers = new Intl.NumberFormat(language)
  const list = (key: MessageKey, values: Values = {}): readonly string[] =>
    [messages[key]].flat().map((text) => filled(text, values))
  return {
    language,
    csvSeparator,
    number: (value) => numbers.format(value),
    list,
    text: (key, values) => list(key, values).join(' '),
  }
}

const filled = (text: string, values: Values): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`no value for {${name}} in "${text}"`)
    return String(value)
  })
