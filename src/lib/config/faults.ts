import {MfaError} from '../errors/mfa-error.js'

/** One thing that is wrong with the settings. Never holds a secret, nor an address that may hold one. */
export interface Fault {
  /** Says first where: the flag, the variable, or file, line and key. */
  readonly message: string
  readonly fix: string
}

/** All faults in one error (`usage`); the fixes in the same order, each once. */
export function settingsError(faults: readonly Fault[]): MfaError {
  const fixes = [...new Set(faults.map(({fix}) => fix))]
  const [first] = faults
  const message =
    faults.length === 1 && first !== undefined
      ? first.message
      : `${faults.length} settings cannot be used:\n${faults.map((fault) => `  ${fault.message}`).join('\n')}`
  return new MfaError('SETTINGS_INVALID', message, {exit: 'usage', fix: fixes.join('\n')})
}
