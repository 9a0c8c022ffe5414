import type {SourceFault} from '../../model/server-user.js'
import type {Header} from './header.js'

export interface PlacedCells {
  readonly cells: readonly string[]
  readonly line: number
  readonly badQuotes: boolean
}

/** One row under its header; an empty cell reads as undefined, any other exactly as it stands. */
export class RowReader<Name extends string> {
  readonly file: string
  readonly line: number
  /** Why the row cannot be trusted as a whole; undefined if it can. */
  readonly wholeFault: string | undefined
  readonly #cells: readonly string[]
  readonly #header: Header<Name>

  constructor(file: string, row: PlacedCells, header: Header<Name>) {
    this.file = file
    this.line = row.line
    this.#cells = row.cells
    this.#header = header
    if (row.cells.length !== header.width) {
      this.wholeFault = `the row has ${row.cells.length} values, the header has ${header.width}`
    } else if (row.badQuotes) {
      this.wholeFault =
        'a quote stands where none may be: put the value in quotes and double each quote inside it'
    }
  }

  cell(name: Name): string | undefined {
    const index = this.#header.at.get(name)
    const text = index === undefined ? undefined : this.#cells[index]
    return text === '' ? undefined : text
  }

  fault(severity: SourceFault['severity'], message: string, field?: Name): SourceFault {
    return {file: this.file, line: this.line, ...(field === undefined ? {} : {field}), message, severity}
  }
}
