export interface ColumnWish {
  readonly min: number
  readonly weight: number
  /** The widest thing in it. */
  readonly wanted: number
}

/**
 * Shares `room` among columns: each gets what it wants if all fit, else its least and then a share by weight, never more
 * than it wants. Undefined if not even the least fits.
 */
export function columnWidths(columns: readonly ColumnWish[], room: number): readonly number[] | undefined {
  const widths = columns.map(({min, wanted}) => Math.max(1, Math.min(min, wanted)))
  let left = room - sum(widths)
  if (left < 0) return undefined
  // Small wishes first: what a narrow column does not need goes to the wide ones.
  for (;;) {
    const open = columns.flatMap((column, index) =>
      column.weight > 0 && (widths[index] ?? 0) < column.wanted ? [{...column, index}] : [],
    )
    if (open.length === 0 || left === 0) return spread(columns, widths, left)
    const total = sum(open.map(({weight}) => weight))
    const before = left
    for (const {index, weight, wanted} of open) {
      const have = widths[index] ?? 0
      const share = Math.min(wanted - have, Math.floor((before * weight) / total), left)
      widths[index] = have + share
      left -= share
    }
    if (left === before) {
      // Less than one each: the leftmost columns get the rest.
      for (const {index} of open.slice(0, left)) widths[index] = (widths[index] ?? 0) + 1
      left -= Math.min(left, open.length)
    }
  }
}

/** Columns of weight 0 come last. */
function spread(columns: readonly ColumnWish[], widths: readonly number[], left: number): readonly number[] {
  let rest = left
  return widths.map((width, index) => {
    const more = Math.min(rest, Math.max(0, (columns[index]?.wanted ?? 0) - width))
    rest -= more
    return width + more
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
