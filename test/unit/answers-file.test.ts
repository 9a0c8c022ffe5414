import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {Ajv2020} from 'ajv/dist/2020.js'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'

import {answersJsonSchema, checkAnswers} from '../../src/lib/assessment/answers-schema.js'
import {answersTemplate} from '../../src/lib/assessment/answers-template.js'
import {CATALOGUE} from '../../src/lib/assessment/catalogue.js'
import {readAnswersFile, withAnswers} from '../../src/lib/config/answers-file.js'
import {newPlace, type Place} from '../helpers/mfa.js'

let place: Place
beforeAll(async () => {
  place = await newPlace()
})
afterAll(() => place.remove())

async function read(text: string, name = 'answers.yaml') {
  return readAnswersFile(await place.file(name, text), checkAnswers)
}

const GOOD = `schemaVersion: 1
answers:
  C1:
    answer: yes
    items:
      - {name: VPN, status: done}
      - name: Wifi # not yet
  C2: {answer: no, note: "checked"}
`

test('YAML and JSON say the same', async () => {
  const expected = {
    C1: {
      answer: 'yes',
      items: [
        {name: 'VPN', status: 'done'},
        {name: 'Wifi', status: 'open'},
      ],
    },
    C2: {answer: 'no', note: 'checked'},
  }
  expect(await read(GOOD)).toEqual(expected)
  expect(await read(JSON.stringify(parse(GOOD)), 'answers.json')).toEqual(expected)
  expect(await read(`\uFEFF${GOOD.replaceAll('\n', '\r\n')}`)).toEqual(expected)
})

describe('what is wrong is told by line and field', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'a word',
      GOOD.replace('answer: yes', 'answer: maybe'),
      ['line 4, answers.C1.answer: must be yes, no or unknown'],
    ],
    [
      'a truth value',
      GOOD.replace('answer: no', 'answer: false'),
      ['line 8, answers.C2.answer: must be yes, no'],
    ],
    ['no answer', GOOD.replace('answer: no, ', ''), ['line 8, answers.C2.answer: is missing']],
    [
      'a status',
      GOOD.replace('status: done', 'status: soon'),
      ['line 6, answers.C1.items.0.status: must be open or done'],
    ],
    [
      'a name',
      GOOD.replace('name: Wifi', 'name: ""'),
      ['line 7, answers.C1.items.1.name: must not be empty'],
    ],
    [
      'a dependency',
      GOOD.replace('C2:', 'C7:'),
      ['line 8, answers.C7: there is no dependency C7; they are A1'],
    ],
    ['a key', GOOD.replace('note:', 'notes:'), ['line 8, answers.C2.notes: is not known here']],
    ['a version', GOOD.replace('schemaVersion: 1', 'schemaVersion: 2'), ['line 1, schemaVersion: must be 1']],
    ['a key that is there twice', `${GOOD}  C1: {answer: no}\n`, ['line 9: Map keys must be unique']],
    ['text that is no YAML', `${GOOD}  C3: {answer: no\n`, ['line']],
    ['a list', '- a\n', ['line 1, (whole file)']],
    ['nothing', '', ['line 1, (whole file)']],
    [
      'several',
      GOOD.replace('answer: yes', 'answer: 1').replace('answer: no', 'answer: 2'),
      ['2 faults', 'line 4, answers.C1.answer', 'line 8, answers.C2.answer'],
    ],
  ])('%s', async (_, text, parts) => {
    const failed = read(text)
    await expect(failed).rejects.toMatchObject({exit: 'data', code: 'ANSWERS_INVALID'})
    const message = await failed.catch((error: Error) => error.message)
    for (const part of parts) expect(message).toContain(part)
    expect(message).toContain('answers.yaml')
  })

  test('aliases are not followed', async () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a]\n${GOOD}`
    await expect(read(bomb)).rejects.toBeInstanceOf(Error)
  })

  test('a file that is not there says how to make one', async () => {
    await expect(readAnswersFile(join(place.work, 'none.yaml'), checkAnswers)).rejects.toMatchObject({
      exit: 'usage',
      fix: expect.stringContaining('--init'),
    })
  })
})

describe('answers that are put in', () => {
  test('leave comments and order alone', async () => {
    const path = await place.file('answers.yaml', GOOD)
    const text = await withAnswers(path, {C1: 'no', C6: 'yes'})
    expect(text).toContain('name: Wifi # not yet')
    expect(await read(text)).toMatchObject({
      C1: {answer: 'no'},
      C2: {answer: 'no', note: 'checked'},
      C6: {answer: 'yes'},
    })
  })

  test('JSON stays JSON', async () => {
    const path = await place.file('answers.json', JSON.stringify(parse(GOOD)))
    const data = JSON.parse(await withAnswers(path, {C2: 'yes', C3: 'no'})) as object
    expect(data).toMatchObject({answers: {C2: {answer: 'yes', note: 'checked'}, C3: {answer: 'no'}}})
  })
})

test('a new file is right as it stands, explains every question, and takes nothing from a server for markup', async () => {
  const text = answersTemplate([
    ...CATALOGUE.map(({id}) => ({id})).slice(0, 23),
    {id: 'C6', found: 'evil\nanswers:\u2028  C1: {answer: no}'},
  ])
  const answers = await read(text)
  expect(Object.keys(answers)).toEqual(CATALOGUE.map(({id}) => id))
  expect(answers.C1).toEqual({answer: 'unknown'})
  expect(answers.C6).toEqual({answer: 'yes', status: 'open'})
  for (const {question} of CATALOGUE) expect(text).toContain(question ?? '')
})

describe('docs/schema/answers.schema.json', () => {
  test('is committed as it would be made now', async () => {
    const file = join(import.meta.dirname, '../../docs/schema/answers.schema.json')
    const committed: unknown = JSON.parse(await readFile(file, 'utf8'))
    expect(committed, 'run npm run docs').toEqual(answersJsonSchema())
  })

  test('takes and refuses what the tool takes and refuses', () => {
    const validate = new Ajv2020({strict: false}).compile(answersJsonSchema())
    expect(validate(parse(GOOD))).toBe(true)
    expect(validate(parse(GOOD.replace('answer: yes', 'answer: maybe')))).toBe(false)
    expect(validate(parse(GOOD.replace('C2:', 'C7:')))).toBe(false)
    expect(validate(parse(answersTemplate([{id: 'C1'}])))).toBe(true)
  })
})
