import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {Ui, UiEvent} from '../../src/lib/ports/ui.js'

/** Remembers what it was told; answers from a list, and without an answer behaves as where there is no terminal. */
export class FakeUi implements Ui {
  readonly events: UiEvent[] = []
  readonly questions: string[] = []
  readonly #answers: (boolean | string)[]

  constructor(answers: readonly (boolean | string)[] = []) {
    this.#answers = [...answers]
  }

  get warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'warning' ? [event.text] : []))
  }

  get notes(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'note' ? [event.text] : []))
  }

  emit(event: UiEvent): void {
    this.events.push(event)
  }

  async confirm(question: string, flag: string): Promise<boolean> {
    return this.#next(question, flag) === true
  }

  async ask(question: string, flag: string): Promise<string> {
    return String(this.#next(question, flag))
  }

  #next(question: string, flag: string): boolean | string {
    this.questions.push(question)
    const answer = this.#answers.shift()
    if (answer === undefined)
      throw new MfaError('NO_TERMINAL', `${question} There is no terminal to ask at.`, {
        exit: 'usage',
        fix: `Give ${flag}.`,
      })
    return answer
  }
}
