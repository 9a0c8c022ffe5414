import {countOf} from '../model/count-of.js'
import {MfaError} from '../errors/mfa-error.js'

/** One error that names every fault; the fixes each once. Keeps the error itself where there is only one. */
export function together(code: Uppercase<string>, what: string, faults: readonly MfaError[]): MfaError {
  const [first] = faults
  if (faults.length === 1 && first !== undefined) return first
  const fixes = [...new Set(faults.flatMap(({fix}) => fix ?? []))]
  const lines = faults.map(({message}) => `  ${message}`)
  return new MfaError(code, `${what}; ${countOf(faults.length, 'fault')}:\n${lines.join('\n')}`, {
    exit: 'data',
    fix: fixes.length === 0 ? undefined : fixes.join('\n'),
  })
}

/** Runs `work`; a fault of the data is put aside so that the next one is found too, anything else is thrown. */
export async function collecting<T>(faults: MfaError[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MfaError) || error.exit !== 'data') throw error
    faults.push(error)
    return undefined
  }
}
