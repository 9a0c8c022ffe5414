import {readFile} from 'node:fs/promises'
import {basename} from 'node:path'
import {errorCode} from '../errors/error-code.js'
import {jsonFault} from '../model/json-fault.js'
import {parseJsonObject, type JsonObject} from '../model/json-object.js'
import type {ConfigFile} from './config-schema.js'
import type {Fault} from './faults.js'

export interface LoadedConfig {
  readonly path: string
  readonly values: ConfigFile
  /** `mfa.config.json: tenant`, for messages. */
  readonly origin: (key: string) => string
  readonly faults: readonly Fault[]
}

/**
 * Reads one config file; undefined where there is none. Everything wrong with it is in `faults`, by file, line and key;
 * the values that are right are given all the same.
 */
export async function loadConfigFile(path: string): Promise<LoadedConfig | undefined> {
  const loaded = (values: ConfigFile, faults: readonly Fault[]): LoadedConfig => ({
    path,
    values,
    origin: (key) => `${basename(path)}: ${key}`,
    faults,
  })
  let text: string
  try {
    // Editors on Windows write a byte order mark.
    text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const code = errorCode(error) ?? 'unreadable'
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return loaded({}, [{message: `${path}: cannot be read (${code})`, fix: 'Let your user read the file.'}])
  }
  let data: JsonObject | undefined
  try {
    data = parseJsonObject(text)
  } catch {
    return loaded({}, [notJson(path, text)])
  }
  if (data === undefined)
    return loaded({}, [
      {
        message: `${path}, line 1: is not a JSON object`,
        fix: 'Write {"tenant": "contoso.onmicrosoft.com"}, for example.',
      },
    ])
  // zod is loaded only where there is something to check.
  const {checkConfig} = await import('./config-checks.js')
  const {values, faults} = checkConfig(data, text)
  return loaded(
    values,
    faults.map(({line, key, problem, fix}) => ({message: `${path}, line ${line}: ${key}: ${problem}`, fix})),
  )
}

/** V8's message quotes the text, so only the place is said. */
function notJson(path: string, text: string): Fault {
  const place = jsonFault(text)
  return {
    message: `${path}, line ${place?.line ?? 1}, column ${place?.column ?? 1}: is not valid JSON`,
    fix: 'Look at that line and the one before it for a missing comma or quote, or a comment; write \\ as \\\\.',
  }
}
