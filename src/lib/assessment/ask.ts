import type {Ui} from '../ports/ui.js'
import type {Answers} from './answers.js'
import {DEPENDENCY_IDS, type DependencyId} from './catalogue.js'

export type Given = Readonly<Partial<Record<DependencyId, 'yes' | 'no'>>>

/** Asks what is not answered yet. An empty answer leaves it so. */
export async function askPeople(
  findings: readonly {readonly id: string; readonly question?: string | undefined}[],
  ui: Ui,
): Promise<Given> {
  const given: Partial<Record<DependencyId, 'yes' | 'no'>> = {}
  for (const {id, question} of findings) {
    const known = DEPENDENCY_IDS.find((each) => each === id)
    if (known === undefined || question === undefined) continue
    for (;;) {
      const text = await ui.ask(`${id} ${question} yes, no, or nothing if you do not know`, '--answers')
      const word = text.trim().toLowerCase()
      if (word === 'yes' || word === 'y') given[known] = 'yes'
      else if (word === 'no' || word === 'n') given[known] = 'no'
      else if (word !== '' && word !== 'unknown') continue
      break
    }
  }
  return given
}

/** The answers with those that were just given; who does it and notes stay. Pure. */
export function withGiven(answers: Answers, given: Given): Answers {
  const all: Partial<Record<DependencyId, Answers[DependencyId]>> = {...answers}
  for (const id of DEPENDENCY_IDS) {
    const answer = given[id]
    if (answer !== undefined) all[id] = {...answers[id], answer}
  }
  return all as Answers
}
