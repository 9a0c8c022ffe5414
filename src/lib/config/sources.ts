import type {Setting} from '../model/setting.js'
import type {Fault} from './faults.js'
import type {Parsed} from './parsed.js'

/** A value that somebody gave, before anybody looked at what it says. */
export interface Given<T> {
  readonly value: T
  readonly from: string
  /** Relative paths count from here. */
  readonly base: string
}

/** The flag, unless it was not given. An empty one stays, to be refused: falling back could mean another tenant. */
export function flag<T>(name: string, value: T | undefined, cwd: string): Given<T> | undefined {
  return value === undefined ? undefined : {value, from: `--${name}`, base: cwd}
}

/** The first of these variables that is set; an empty one counts as unset. */
export function variable(
  env: NodeJS.ProcessEnv,
  cwd: string,
  ...names: readonly string[]
): Given<string> | undefined {
  for (const name of names) {
    const value = env[name]
    if (value !== undefined && value.trim() !== '') return {value, from: name, base: cwd}
  }
  return undefined
}

/** Understands values one by one and collects what is wrong with them. */
export class Reader {
  readonly #faults: Fault[]

  constructor(faults: Fault[]) {
    this.#faults = faults
  }

  /** The first that was given decides, right or wrong: a wrong flag does not fall back to the environment. */
  text<T>(
    candidates: readonly (Given<string> | undefined)[],
    parse: (text: string, base: string) => Parsed<T>,
  ): Setting<T> | undefined {
    return this.value(candidates, (value, base) => {
      const text = value.trim()
      return text === '' ? {problem: 'is empty', fix: 'Give it a value, or leave it out.'} : parse(text, base)
    })
  }

  value<G, T>(
    candidates: readonly (Given<G> | undefined)[],
    parse: (value: G, base: string) => Parsed<T>,
  ): Setting<T> | undefined {
    const given = candidates.find((candidate) => candidate !== undefined)
    if (given === undefined) return undefined
    const parsed = parse(given.value, given.base)
    if ('value' in parsed) return {value: parsed.value, from: given.from}
    this.#faults.push({message: `${given.from}: ${parsed.problem}`, fix: parsed.fix})
    return undefined
  }
}
