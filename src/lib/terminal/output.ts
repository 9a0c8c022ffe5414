import {printable} from '../model/printable.js'
import type {Output} from '../ports/output.js'
import {wrap} from './display-width.js'
import type {TerminalFacts} from './terminal-facts.js'

export interface OutputOptions extends Omit<TerminalFacts, 'isTty'> {
  readonly json: boolean
  readonly write: (text: string) => void
}

/** Data for people, on stdout; silent under --json. */
export function createOutput({json, write, width, color}: OutputOptions): Output {
  return {
    line(text = '') {
      if (!json) write(`${text.split('\n').map(printable).join('\n')}\n`)
    },
    prose(text, hang = 0) {
      if (!json)
        write(
          `${text
            .split('\n')
            .map((line) => wrap(printable(line), width - hang).join(`\n${' '.repeat(hang)}`))
            .join('\n')}\n`,
        )
    },
    async table(columns, rows, {limit = Infinity, empty} = {}) {
      if (json) return
      const {renderTable} = await import('./render-table.js')
      const shown = []
      let more = 0
      for (const row of rows) {
        if (shown.length < limit) shown.push(row)
        else more++
      }
      write(`${renderTable(columns, shown, {width, color, empty})}\n`)
      if (more > 0) write(`… and ${more} more; --csv FILE writes them all\n`)
    },
  }
}
