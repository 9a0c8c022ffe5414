import {MfaError} from '../../errors/mfa-error.js'

/** Why a file cannot be read as a whole. The text never holds a value of the file. */
export interface FileFault {
  readonly file: string
  /** 1-based */
  readonly line?: number | undefined
  readonly message: string
}

/** Thrown by the CSV reader; whoever reads several files collects these and ends with `faultsError`. */
export class CsvFault extends Error {
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.name = 'CsvFault'
    this.line = line
  }
}

/** One error, exit `data`, that lists every fault. `what` names the input as the user typed it. */
export function faultsError(
  code: Uppercase<string>,
  what: string,
  faults: readonly FileFault[],
  fix: string,
): MfaError {
  const lines = faults.map(
    ({file, line, message}) => `${file}${line === undefined ? '' : `, line ${line}`}: ${message}`,
  )
  const count = lines.length === 1 ? '1 fault' : `${lines.length} faults`
  return new MfaError(code, [`${what} cannot be read (${count})`, ...lines].join('\n  '), {exit: 'data', fix})
}
