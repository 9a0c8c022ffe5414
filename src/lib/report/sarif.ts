import {isAbsolute} from 'node:path'
import {pathToFileURL} from 'node:url'

/** What found something, and every rule by which it looks. */
export interface SarifTool {
  readonly name: string
  readonly version?: string | undefined
  readonly rules: readonly SarifRule[]
}

export interface SarifRule {
  readonly id: string
  readonly title: string
  /** Why it matters. */
  readonly description?: string | undefined
  /** What to do. */
  readonly help?: string | undefined
  /** Absolute address of a page about the rule. */
  readonly helpUri?: string | undefined
}

export interface SarifResult {
  readonly ruleId: string
  readonly level: 'error' | 'warning' | 'note' | 'none'
  readonly message: string
  /** `pass`: looked at and found right; `open`: cannot be told yet. `fail` unless set. */
  readonly kind?: 'pass' | 'open' | 'informational' | 'notApplicable' | 'fail' | undefined
  /** A file, by its relative or absolute path, and a line in it. */
  readonly file?: {readonly path: string; readonly line?: number | undefined} | undefined
  /** Something that is no file: a server, a user, a port. */
  readonly logical?: string | undefined
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

/** A SARIF 2.1.0 log of one run, as an object for JSON. Results name rules of the tool. Pure. */
export function sarif(tool: SarifTool, results: readonly SarifResult[]): object {
  const places = new Map(tool.rules.map(({id}, at) => [id, at]))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: tool.name,
            ...(tool.version === undefined ? {} : {version: tool.version}),
            rules: tool.rules.map(ruleOf),
          },
        },
        results: results.map((result) => ({
          ruleId: result.ruleId,
          ...(places.has(result.ruleId) ? {ruleIndex: places.get(result.ruleId)} : {}),
          kind: result.kind ?? 'fail',
          // SARIF has a level only for what fails.
          level: (result.kind ?? 'fail') === 'fail' ? result.level : 'none',
          message: {text: result.message},
          ...locationsOf(result),
          ...(result.properties === undefined ? {} : {properties: result.properties}),
        })),
      },
    ],
  }
}

function ruleOf({id, title, description, help, helpUri}: SarifRule): object {
  return {
    id,
    shortDescription: {text: title},
    ...(description === undefined ? {} : {fullDescription: {text: description}}),
    ...(help === undefined ? {} : {help: {text: help}}),
    ...(helpUri === undefined ? {} : {helpUri}),
  }
}

function locationsOf({file, logical}: SarifResult): object {
  if (file === undefined && logical === undefined) return {}
  const physical =
    file === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: {uri: uriOf(file.path)},
            ...(file.line === undefined ? {} : {region: {startLine: file.line}}),
          },
        }
  const named = logical === undefined ? {} : {logicalLocations: [{fullyQualifiedName: logical}]}
  return {locations: [{...physical, ...named}]}
}

/** A relative path stays one, so that it is found below the root of a repository. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href
  return file.replaceAll('\\', '/').replace(/^\.\//, '').split('/').map(encodeURIComponent).join('/')
}
