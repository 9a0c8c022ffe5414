import {quote} from '../quote.js'

/** Names of columns and where they stand. */
export interface Header<Name extends string> {
  readonly width: number
  /** 0-based; undefined where the file has no such column. */
  readonly at: ReadonlyMap<Name, number>
  /** In the file's order; `hint` is the known name that was probably meant. */
  readonly unknown: readonly {
    readonly name: string
    readonly column: number
    readonly hint?: Name | undefined
  }[]
  /** Why the file cannot be read with this header; empty if it can. */
  readonly faults: readonly string[]
}

export interface HeaderRules<Name extends string> {
  readonly required: readonly Name[]
  readonly optional: readonly Name[]
  /** Letter case and outer spaces of the names do not matter. */
  readonly lenient?: boolean
}

export function readHeader<Name extends string>(
  cells: readonly string[],
  rules: HeaderRules<Name>,
): Header<Name> {
  const known: readonly Name[] = [...rules.required, ...rules.optional]
  const at = new Map<Name, number>()
  const seen = new Map<string, number>()
  const unknown: {name: string; column: number; hint?: Name | undefined}[] = []
  const faults: string[] = []
  for (const [index, cell] of cells.entries()) {
    const name = rules.lenient ? cell.trim().toLowerCase() : cell
    const column = index + 1
    const before = seen.get(name)
    if (before !== undefined && name !== '') {
      faults.push(`columns ${before} and ${column} are both called ${quote(cell)}`)
      continue
    }
    seen.set(name, column)
    const match = known.find((each) => each === name)
    if (match !== undefined) at.set(match, index)
    else unknown.push({name: cell, column, hint: known.find((each) => loose(each) === loose(name))})
  }
  for (const name of rules.required) {
    if (at.has(name)) continue
    const near = unknown.find(({hint}) => hint === name)
    const shown = near && `; column ${near.column} is called ${quote(near.name)}: write exactly ${name}`
    faults.push(`has no column ${name}${shown ?? ''}`)
  }
  if (at.size === 0 && cells.length === 1 && /[\t|]/.test(cells[0] ?? '')) {
    faults.push('columns must be separated by "," or ";"')
  }
  return {width: cells.length, at, unknown, faults}
}

function loose(name: string): string {
  return name.toLowerCase().replace(/[\s_\-\u200B\uFEFF]/g, '')
}
