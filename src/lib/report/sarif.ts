import {isAbsolute} from 'node:path'
import {pathToFileURL} from 'node:url'

export interface SarifRule {
  readonly id: string
  readonly title: string
}

export interface SarifResult {
  readonly rule: string
  readonly level: 'error' | 'warning' | 'note'
  readonly text: string
  readonly file: string
  /** Counts from 1. */
  readonly line: number
}

/** SARIF 2.1.0, which code hosts show beside the lines of a file. */
export function sarif(rules: readonly SarifRule[], results: readonly SarifResult[]): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'mfa',
            rules: rules.map(({id, title}) => ({id, shortDescription: {text: title}})),
          },
        },
        results: results.map(({rule, level, text, file, line}) => ({
          ruleId: rule,
          ruleIndex: rules.findIndex(({id}) => id === rule),
          level,
          message: {text},
          locations: [{physicalLocation: {artifactLocation: {uri: uriOf(file)}, region: {startLine: line}}}],
        })),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** A relative path stays one, so that it is found below the root of a repository. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href
  return file.replaceAll('\\', '/').replace(/^\.\//, '').split('/').map(encodeURIComponent).join('/')
}
