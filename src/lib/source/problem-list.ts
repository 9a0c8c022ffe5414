import type {SourceProblem} from '../ports/source.js'

/** Problems of one kind in one file that are told one by one; the rest is a count, so that memory stays flat. */
const LISTED = 1000

/** Collects problems in the order they come. */
export class ProblemList {
  readonly #listed: SourceProblem[] = []
  readonly #counts = new Map<string, {readonly first: SourceProblem; count: number}>()
  readonly #limit: number

  constructor(limit = LISTED) {
    this.#limit = limit
  }

  add(problem: SourceProblem): void {
    const kind = `${problem.code} ${problem.file}`
    const counted = this.#counts.get(kind) ?? {first: problem, count: 0}
    counted.count += 1
    this.#counts.set(kind, counted)
    if (counted.count <= this.#limit) this.#listed.push(problem)
  }

  list(): readonly SourceProblem[] {
    const rest = [...this.#counts.values()]
      .filter(({count}) => count > this.#limit)
      .map(({first, count}) => ({
        code: first.code,
        file: first.file,
        message: `${count - this.#limit} more of this kind (${count} in all)`,
      }))
    return [...this.#listed, ...rest]
  }
}
