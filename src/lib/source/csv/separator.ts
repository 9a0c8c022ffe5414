import {CsvFault} from './csv-fault.js'

export type Separator = ',' | ';'

/** Which separator the header row uses: the one seen more often outside quotes. Throws CsvFault if there is no header. */
export function detectSeparator(beginning: Buffer): Separator {
  if (beginning.length === 0) throw new CsvFault('is empty; a header row is needed', 1)
  if ((beginning[0] === 0xff && beginning[1] === 0xfe) || (beginning[0] === 0xfe && beginning[1] === 0xff)) {
    throw new CsvFault('is UTF-16, not UTF-8; save it as "CSV UTF-8"', 1)
  }
  const text = beginning.toString('utf8').replace(/^\uFEFF/, '')
  let commas = 0
  let semicolons = 0
  let quoted = false
  for (const letter of text.replace(/^[\r\n]+/, '')) {
    if (letter === '"') quoted = !quoted
    if (quoted) continue
    if (letter === '\n') break
    if (letter === ',') commas += 1
    if (letter === ';') semicolons += 1
  }
  if (text.trim() === '') throw new CsvFault('has no header row', 1)
  return semicolons > commas ? ';' : ','
}
