export interface ColumnWish {
  readonly min: number
  readonly weight: number
  /** The widest thing in it. */
  readonly wanted: number
}

/**
 * Shares `room` among columns: each gets its least; then columns of weight 0 what they want; then the others a share by
 * weight, never more than they want. Undefined if not even the least fits.
 */
export function columnWidths(columns: readonly ColumnWish[], room: number): readonly number[] | undefined {
  const widths = columns.map(({min, wanted}) => Math.max(1, Math.min(min, wanted)))
  let left = room - sum(widths)
  if (left < 0) return undefined
  const widen = (index: number, most: number): void => {
    const have = widths[index] ?? 0
    const more = Math.max(0, Math.min((columns[index]?.wanted ?? 0) - have, most, left))
    widths[index] = have + more
    left -= more
  }
  for (const [index, {weight}] of columns.entries()) if (weight === 0) widen(index, left)
  for (;;) {
    const open = columns.flatMap(({weight, wanted}, index) =>
      weight > 0 && (widths[index] ?? 0) < wanted ? [{weight, index}] : [],
    )
    if (open.length === 0 || left === 0) return widths
    const total = sum(open.map(({weight}) => weight))
    const shared = left
    // At least one each, so that it comes to an end; what one does not need goes to the others in the next round.
    for (const {index, weight} of open) widen(index, Math.max(1, Math.floor((shared * weight) / total)))
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
