/** Prints rows as a table with a headline; `a`, `b` and `ratio` as texts or numbers. */
export function printTable(rows) {
  const cells = [
    ['what', 'A', 'B', 'ratio A/B', 'limit', 'ok'],
    ...rows.map(({what, a, b, ratio, limit, ok}) => [
      what,
      a,
      b ?? '',
      ratio === undefined ? '' : ratio.toFixed(2),
      limit ?? '',
      ok === undefined ? '' : ok ? 'yes' : 'NO',
    ]),
  ]
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  for (const row of cells) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd()}\n`,
    )
  }
}

/** A row that must not be over its limit. */
export const atMost = (what, a, b, ratio, limit) => ({
  what,
  a,
  b,
  ratio,
  limit: `≤ ${limit}`,
  ok: ratio <= limit,
})
/** A row that must reach its limit. */
export const atLeast = (what, a, b, ratio, limit) => ({
  what,
  a,
  b,
  ratio,
  limit: `≥ ${limit}`,
  ok: ratio >= limit,
})

export function median(values) {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`
export const milliseconds = (ms) => `${ms.toFixed(0)} ms`
export const megabytes = (kilobytes) => `${(kilobytes / 1024).toFixed(0)} MB`
