import type {SourceProblem} from '../ports/source.js'

/** `users.csv, line 12, field Mode: …` */
export function describeProblem({file, line, field, message}: Omit<SourceProblem, 'code'>): string {
  const at = [file, line === undefined ? '' : `line ${line}`, field === undefined ? '' : `field ${field}`]
  return `${at.filter((part) => part !== '').join(', ')}: ${message}`
}
