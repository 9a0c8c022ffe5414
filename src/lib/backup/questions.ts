import {MfaError} from '../errors/mfa-error.js'
import type {Ui} from '../ports/ui.js'

/** What the operator says about things that the tool cannot see; undefined where no flag says it. */
export interface Answers {
  readonly outOfLoadBalancer: boolean | undefined
  readonly redistributables: boolean | undefined
  readonly secondaries: number | undefined
  readonly secondaryLogs: boolean | undefined
}

/** The flag's answer, else the terminal's; undefined where there is neither. */
export async function ask(
  given: boolean | undefined,
  question: string,
  flag: string,
  ui: Ui,
): Promise<boolean | undefined> {
  return given ?? (await unlessNobody(() => ui.confirm(question, flag)))
}

export async function askNumber(
  given: number | undefined,
  question: string,
  flag: string,
  ui: Ui,
): Promise<number | undefined> {
  if (given !== undefined) return given
  const text = await unlessNobody(() => ui.ask(question, flag))
  if (text === undefined) return undefined
  if (/^\d{1,4}$/.test(text.trim())) return Number(text)
  throw new MfaError('ANSWER', `"${text.slice(0, 40)}" is no number`, {exit: 'usage', fix: `Give ${flag}.`})
}

async function unlessNobody<T>(question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question()
  } catch (error) {
    if (error instanceof MfaError && error.code === 'NO_TERMINAL') return undefined
    throw error
  }
}
