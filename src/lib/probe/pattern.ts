import {createContext, Script} from 'node:vm'

import type {PatternAnswer} from '../ports/network.js'

/** Far more than a pattern needs that does not backtrack. */
const PATIENCE_MS = 250

/** A backtracking pattern would hold up everything, signals too; only the engine's own time limit can end it. */
const script = new Script('new RegExp(pattern).exec(text)')

/** The first match of a pattern that somebody wrote in a text that somebody else sent: its first group, or the whole. */
export function findPattern(pattern: string, text: string): PatternAnswer {
  try {
    const found = script.runInContext(createContext({pattern, text}), {
      timeout: PATIENCE_MS,
    }) as RegExpExecArray | null
    return found === null ? {kind: 'none'} : {kind: 'found', text: found[1] ?? found[0]}
  } catch {
    // Not in time, or larger than the engine compiles, which shows only where it is used.
    return {kind: 'gave-up'}
  }
}
