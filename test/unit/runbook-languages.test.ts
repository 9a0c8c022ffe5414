import {readdirSync, readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'

import {type Catalogue, checkCatalogue, placeholders, wordsOf} from '../../src/lib/runbook/catalogue.js'
import {CATALOGUE} from '../../src/lib/assessment/catalogue.js'
import {SERVICE_DEPENDENCIES} from '../../src/lib/runbook/book.js'
import {CASES} from '../../src/lib/runbook/cases.js'
import {PILOT_CHECKS} from '../../src/lib/status/pilot-checks.js'

const FOLDER = new URL('../../src/lib/runbook/languages/', import.meta.url)
const read = (file: string) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Catalogue
const files = readdirSync(FOLDER)
const english = read('en.json')

test('there are English and German', () => {
  expect(files).toEqual(expect.arrayContaining(['en.json', 'de.json']))
})

describe.each(files)('%s', (file) => {
  const found = read(file)

  test('has every message, with the same placeholders, and nothing else', () => {
    expect(found.language).toBe(file.replace('.json', ''))
    expect(Object.keys(found.messages).sort()).toEqual(Object.keys(english.messages).sort())
    for (const [key, message] of Object.entries(english.messages)) {
      const here = found.messages[key as keyof Catalogue['messages']]
      expect([key, placeholders(here)]).toEqual([key, placeholders(message)])
    }
    expect(checkCatalogue(file, found, english)).toBe(found)
  })

  test('leaves no message empty but the letter that nobody gets', () => {
    const empty = Object.entries(found.messages).filter(
      ([, message]) => [message].flat().join('').trim() === '',
    )
    expect(empty.map(([key]) => key)).toEqual(['case.disabled.letter'])
  })
})

test('every case and every check of the guide has its words', () => {
  for (const one of CASES)
    for (const what of ['title', 'letter', 'says', 'help', 'operator'])
      expect(Object.keys(english.messages)).toContain(`case.${one}.${what}`)
  for (const {id, question} of PILOT_CHECKS) expect(english.messages[`check.${id}`]).toBe(question)
})

test('what hangs on MFA Server is called as the assessment calls it', () => {
  const blocking = CATALOGUE.filter(({blocks}) => blocks.includes('federation'))
  expect(blocking.map(({id}) => id)).toEqual(SERVICE_DEPENDENCIES)
  for (const {id, title, action} of blocking) {
    expect(english.messages).toHaveProperty([`dependency.${id}.title`], title)
    expect(english.messages).toHaveProperty([`dependency.${id}.action`], action)
  }
})

test('a language file that is not whole is refused, with every fault', () => {
  const {none: _, ...messages} = english.messages
  const broken = {
    ...english,
    messages: {...messages, 'letter.for': 'For {person}', 'letter.greeting': ['Hi'], odd: 'x'},
    csvSeparator: '|',
  }
  expect(() => checkCatalogue('xx.json', broken, english)).toThrow(
    expect.objectContaining({
      exit: 'data',
      message: [
        'xx.json: csvSeparator must be , or ;',
        'xx.json, letter.for: has the placeholders person, not user',
        'xx.json, letter.greeting: must be a text',
        'xx.json, none: must be a text',
        'xx.json, odd: no such message',
      ].join('\n'),
    }) as Error,
  )
})

test('a value that is missing is a bug, and one that looks like a placeholder stays as it is', () => {
  const words = wordsOf(english)
  expect(() => words.text('letter.for')).toThrow('no value for {user}')
  expect(words.text('letter.for', {user: '{date}'})).toBe('For {date}')
})
