import {styleText} from 'node:util'
import type * as Prompts from '@inquirer/prompts'
import {MfaError} from '../errors/mfa-error.js'
import {printable, printableLines} from '../model/printable.js'
import type {Clock} from '../ports/clock.js'
import type {Ui, UiEvent} from '../ports/ui.js'
import {Progress} from './progress.js'
import {terminalFacts} from './terminal-facts.js'

/** What is left out is taken from the process: its streams, its environment, its window. */
export interface TerminalUiOptions {
  readonly stderr?: NodeJS.WritableStream
  readonly stdin?: NodeJS.ReadableStream & {readonly isTTY?: boolean | undefined}
  /** stderr is a terminal that can redraw a line; see `terminalFacts`. */
  readonly isTty?: boolean
  /** Columns; a function where the window may change. */
  readonly width?: number | (() => number)
  readonly color?: boolean
  /** Warnings are part of the result then, and not printed a second time. */
  readonly json: boolean
  readonly clock: Clock
}

export interface TerminalUi extends Ui {
  /** Every warning so far, in order, each once, as it came. */
  readonly warnings: readonly string[]
  /** Leaves the terminal clean. */
  close(): void
}

/** The Ui port on stderr: progress, notes, warnings, questions. stdout belongs to the result. */
export function createTerminalUi(options: TerminalUiOptions): TerminalUi {
  const facts = terminalFacts(process.env, process.stderr)
  const {stderr = process.stderr, stdin = process.stdin, isTty = facts.isTty, color = facts.color} = options
  const {json, clock} = options
  const warnings: string[] = []
  const write = (text: string): void => {
    stderr.write(text)
  }
  const width = (): number => {
    const given = options.width ?? terminalFacts(process.env, process.stderr).width
    return typeof given === 'number' ? given : given()
  }
  const progress = new Progress({write, live: isTty, width, color, clock})
  const line = (text: string): void => {
    progress.clear()
    write(`${text}\n`)
    progress.redraw()
  }
  const paint = (style: 'yellow', text: string): string =>
    color ? styleText(style, text, {validateStream: false}) : text

  const emit = (event: UiEvent): void => {
    switch (event.type) {
      case 'phase':
        // Shown once there is something to tell of it.
        return
      case 'progress':
        return progress.update(event.phase, event.done, event.total)
      case 'phase-end':
        return progress.end(event.phase)
      case 'note':
        return line(printableLines(event.text))
      case 'warning':
        if (warnings.includes(event.text)) return
        warnings.push(event.text)
        if (!json) line(`${paint('yellow', 'warning:')} ${printableLines(event.text)}`)
        return
      default:
        event satisfies never
    }
  }

  /** Runs a prompt where there is somebody to ask. */
  const prompt = async <T>(
    question: string,
    flag: string,
    ask: (prompts: typeof Prompts, message: string) => Promise<T>,
  ): Promise<T> => {
    if (!isTty || stdin.isTTY !== true)
      throw new MfaError('NO_TERMINAL', `There is no terminal to ask at: ${printable(question)}`, {
        exit: 'usage',
        fix: `Give ${flag}.`,
      })
    progress.clear()
    try {
      return await ask(await import('@inquirer/prompts'), printable(question))
    } catch (error) {
      // Ctrl-C, or the terminal was closed.
      if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError'))
        throw new MfaError('INTERRUPTED', 'Interrupted at a question; nothing was changed by it.', {
          exit: 'interrupted',
          cause: error,
        })
      throw error
    } finally {
      progress.redraw()
    }
  }
  const streams = {input: stdin, output: stderr}

  return {
    warnings,
    emit,
    confirm: (question, flag) =>
      prompt(question, flag, ({confirm}, message) => confirm({message, default: false}, streams)),
    ask: (question, flag, {hidden = false} = {}) =>
      prompt(question, flag, ({input, password}, message) =>
        hidden ? password({message, mask: true}, streams) : input({message}, streams),
      ),
    close: () => progress.end(),
  }
}
