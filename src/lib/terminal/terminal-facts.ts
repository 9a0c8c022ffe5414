/** Columns where nobody says how many there are. */
const DEFAULT_WIDTH = 80

export interface TerminalFacts {
  /** A line can be redrawn here. */
  readonly isTty: boolean
  readonly width: number
  readonly color: boolean
}

/**
 * What an output stream can do. NO_COLOR (any value but the empty one) wins over FORCE_COLOR (any but `0` and `false`),
 * which wins over what the stream is; TERM=dumb can neither redraw nor colour. Width: the terminal's, else COLUMNS,
 * else 80.
 */
export function terminalFacts(
  env: Readonly<Record<string, string | undefined>>,
  stream: {readonly isTTY?: boolean | undefined; readonly columns?: number | undefined},
): TerminalFacts {
  const isTty = stream.isTTY === true && env['TERM'] !== 'dumb'
  return {isTty, width: widthOf(env, stream.columns), color: colorOf(env, isTty)}
}

function colorOf(env: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const force = env['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  return isTty
}

function widthOf(env: Readonly<Record<string, string | undefined>>, columns: number | undefined): number {
  if (columns !== undefined && columns > 0) return columns
  const told = Number(env['COLUMNS'])
  return Number.isInteger(told) && told > 0 ? told : DEFAULT_WIDTH
}
