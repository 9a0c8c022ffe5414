import {settingsError} from './faults.js'
import {state} from './parse-values.js'
import type {StateLocation} from './settings.js'

/** A place for state that stands on the command line. Throws MfaError `usage` that names it. */
export function parseState(text: string, name: string, base: string): StateLocation {
  const parsed = state(text, base)
  if ('value' in parsed) return parsed.value
  throw settingsError([{message: `${name}: ${parsed.problem}`, fix: parsed.fix}])
}
