/** A value that was understood, or what is wrong with it and what to do. The problem follows `--flag: ` or the like. */
export type Parsed<T> = {readonly value: T} | {readonly problem: string; readonly fix: string}

export function problem(text: string, fix: string): {readonly problem: string; readonly fix: string} {
  return {problem: text, fix}
}
