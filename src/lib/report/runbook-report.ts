import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import {type Block, heading, markdown} from '../runbook/blocks.js'
import {bookBlocks, type BookFacts} from '../runbook/book.js'
import {type Case, type CaseCounts, CASES, hasLetter, type UserCases} from '../runbook/cases.js'
import {caseValues, letterBlocks, letterTexts} from '../runbook/letter.js'
import {helpdeskBlocks} from '../runbook/sheet.js'
import {csvChunks} from './csv.js'
import {documentPage} from './document-page.js'
import type {Show} from './show.js'

/** Letters in one file. */
export const LETTERS_A_FILE = 500

/** A user with what the helpdesk's list says of the findings. */
export interface RunbookUser extends UserCases {
  readonly details: readonly string[]
}

export interface Runbook {
  readonly counts: CaseCounts
  readonly facts: BookFacts
  /** Goes through all users anew each time. */
  readonly users: () => Iterable<RunbookUser>
}

/** `mfa runbook --out FOLDER`: writes every file and says which. */
export async function writeRunbook(
  book: Runbook,
  folder: string,
  {out, files}: Show,
): Promise<Readonly<Record<string, unknown>>> {
  const {counts, facts, users} = book
  const {words} = facts
  const written: string[] = []
  const write = async (name: string, chunks: Iterable<string> | AsyncIterable<string>): Promise<void> => {
    const path = `${folder.replace(/[\\/]+$/, '')}/${name}`
    await files.write(path, chunks)
    written.push(path)
  }
  const document = async (name: string, title: string, blocks: () => Iterable<Block>, letters = false) => {
    await write(`${name}.md`, markdown(blocks()))
    await write(`${name}.html`, documentPage(words.language, title, blocks(), {letters}))
  }
  await document('runbook', words.text('book.title', {group: facts.group}), () => bookBlocks(counts, facts))
  await document('helpdesk', words.text('help.title'), () => helpdeskBlocks(counts, facts))
  const forSheets = {escapeFormulas: true, separator: words.csvSeparator}
  await write('helpdesk.csv', withMark(csvChunks(helpdeskColumns(facts), users(), forSheets)))
  // No text here begins as a formula would but what somebody put there to be one, so defusing changes nothing else.
  await write(
    'letters.csv',
    withMark(csvChunks(letterColumns(facts), recipients(users()), {escapeFormulas: true})),
  )
  let part = 0
  for (const some of inParts(recipients(users()))) {
    const title = words.text('letter.part', {part: ++part})
    const name = `letters/letters-${String(part).padStart(3, '0')}`
    await document(name, title, () => lettersOf(some, title, facts), true)
  }
  out.line(
    `${countOf(written.length, 'file')} in ${folder}, about ${countOf(counts.users, 'user')} of "${facts.group}"; ${countOf(counts.letters, 'letter')}`,
  )
  await out.table<readonly [Case, number]>(
    [
      {key: 'case', title: 'Case', value: ([one]) => words.text(`case.${one}.title`, caseValues(facts))},
      {key: 'users', title: 'Users', value: ([, number]) => number, weight: 0, align: 'right'},
    ],
    CASES.flatMap((one) => (counts.cases.has(one) ? [[one, counts.cases.get(one) ?? 0] as const] : [])),
  )
  out.line(`Next: read ${folder}/runbook.md`)
  return {
    folder,
    language: words.language,
    files: written,
    group: facts.group,
    users: counts.users,
    letters: counts.letters,
    cases: Object.fromEntries(counts.cases),
    oldPortal: facts.oldPortal,
    dependencies: facts.dependencies.map(({id, state}) => ({id, state})),
  }
}

function* recipients(users: Iterable<RunbookUser>): Iterable<RunbookUser> {
  for (const user of users) if (hasLetter(user.cases)) yield user
}

/** One part is in memory at a time. */
function* inParts(users: Iterable<RunbookUser>): Iterable<readonly RunbookUser[]> {
  let part: RunbookUser[] = []
  for (const user of users) {
    part.push(user)
    if (part.length < LETTERS_A_FILE) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

function* lettersOf(users: readonly RunbookUser[], title: string, facts: BookFacts): Iterable<Block> {
  yield heading(1, title)
  for (const user of users) yield* letterBlocks(user, facts)
}

const helpdeskColumns = (facts: BookFacts): readonly Column<RunbookUser>[] => [
  {key: 'userPrincipalName', title: '', value: (user) => user.userPrincipalName},
  {key: 'cases', title: '', value: ({cases}) => cases},
  {
    key: 'what',
    title: '',
    value: ({cases}) => cases.map((one) => facts.words.text(`case.${one}.title`, caseValues(facts))),
  },
  {key: 'details', title: '', value: ({details}) => details},
]

const letterColumns = (facts: BookFacts): readonly Column<RunbookUser>[] => [
  {key: 'userPrincipalName', title: '', value: (user) => user.userPrincipalName},
  {key: 'language', title: '', value: () => facts.words.language},
  {key: 'cases', title: '', value: ({cases}) => cases},
  {key: 'todo', title: '', value: ({cases}) => !cases.includes('nothing-to-do')},
  {key: 'tokens', title: '', value: ({tokens}) => tokens},
  {key: 'subject', title: '', value: () => facts.words.text('letter.subject')},
  {key: 'body', title: '', value: (user) => letterTexts(user, facts).join('\n\n')},
]

/** Excel, Word and others take a file without the mark for the local code page. */
async function* withMark(chunks: AsyncIterable<string>): AsyncIterable<string> {
  yield '\uFEFF'
  yield* chunks
}
