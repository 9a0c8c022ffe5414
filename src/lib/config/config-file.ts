import {readFile} from 'node:fs/promises'
import {basename} from 'node:path'
import {errorCode} from '../errors/error-code.js'
import {parseJsonObject, type JsonObject} from '../model/json-object.js'
import type {ConfigFile} from './config-schema.js'
import type {Fault} from './faults.js'
import {keyLines} from './json-lines.js'

/** Keys that people may expect, and where the secret belongs instead. */
const SECRET_KEYS: Readonly<Record<string, string>> = {
  accesstoken: 'MFA_ACCESS_TOKEN',
  token: 'MFA_ACCESS_TOKEN',
  clientcertificate: 'MFA_CLIENT_CERTIFICATE',
  clientcertificatepassword: 'MFA_CLIENT_CERTIFICATE_PASSWORD',
  certificatepassword: 'MFA_CLIENT_CERTIFICATE_PASSWORD',
  privatekey: 'MFA_CLIENT_CERTIFICATE',
  sourcepassword: 'MFA_SOURCE_PASSWORD',
  adpassword: 'MFA_AD_PASSWORD',
  pgpassword: 'PGPASSWORD',
}
const SECRET_NAME = /password|passphrase|secret|token$|privatekey|apikey/i
/** A private key, or something shaped like a JSON Web Token. */
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]+\.[\w-]+\./

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
  const name = basename(path)
  const fault = (line: number | undefined, key: string, problem: string, fix: string): Fault => ({
    message: `${path}${line === undefined ? '' : `, line ${line}`}: ${key === '' ? '' : `${key}: `}${problem}`,
    fix,
  })
  const loaded = (values: ConfigFile, faults: readonly Fault[]): LoadedConfig => ({
    path,
    values,
    origin: (key) => `${name}: ${key}`,
    faults,
  })

  let text: string
  try {
    // Editors on Windows write a byte order mark.
    text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const code = errorCode(error) ?? 'unreadable'
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    return loaded({}, [fault(undefined, '', `cannot be read (${code})`, 'Let your user read the file.')])
  }

  let data: JsonObject | undefined
  try {
    data = parseJsonObject(text)
  } catch (error) {
    return loaded({}, [notJson(path, text, error)])
  }
  if (data === undefined)
    return loaded({}, [
      fault(1, '', 'is not a JSON object', 'Write {"tenant": "contoso.onmicrosoft.com"}, for example.'),
    ])

  const {configFileSchema} = await import('./config-schema.js')
  const {lines, twice} = keyLines(text)
  const faults = twice.map(({path: key, line}) => fault(line, key, 'is there twice', 'Keep one of them.'))
  const values: Record<string, unknown> = {...data}
  for (const [key, value] of Object.entries(values)) {
    const found = secretFault(key, value)
    if (found === undefined) continue
    faults.push(fault(lines.get(key), key, found.problem, found.fix))
    delete values[key]
  }
  const parsed = configFileSchema.safeParse(values)
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        faults.push(
          fault(
            lines.get(key),
            key,
            `is not a setting${suggestion(key, configFileSchema)}`,
            'Correct or remove the key.',
          ),
        )
      continue
    }
    const key = issue.path.join('.')
    faults.push(
      fault(
        lines.get(key) ?? lines.get(String(issue.path[0])),
        key,
        lowerFirst(issue.message),
        'Correct the value.',
      ),
    )
    delete values[String(issue.path[0])]
  }
  if (parsed.success) return loaded(parsed.data, faults)
  const known = Object.entries(values).filter(([key]) => key in configFileSchema.shape)
  const rest = configFileSchema.safeParse(Object.fromEntries(known))
  return loaded(rest.data ?? {}, faults)
}

function secretFault(key: string, value: unknown): {problem: string; fix: string} | undefined {
  const variable = SECRET_KEYS[key.toLowerCase()]
  if (variable !== undefined)
    return {
      problem: 'a secret does not belong in the config file',
      fix: `Remove it and set the environment variable ${variable} instead.`,
    }
  if (SECRET_NAME.test(key))
    return {
      problem: 'looks like a secret, which does not belong in the config file',
      fix: 'Remove it; secrets come from environment variables (`mfa --help` names them).',
    }
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter(isText) : []
  if (texts.some((text) => SECRET_VALUE.test(text)))
    return {
      problem: 'holds a private key or a token, which does not belong in the config file',
      fix: 'Remove it; use MFA_CLIENT_CERTIFICATE for a key, MFA_ACCESS_TOKEN for a token.',
    }
  return undefined
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** V8's message quotes the text, so only the place is taken from it. */
function notJson(path: string, text: string, error: unknown): Fault {
  const message = error instanceof Error ? error.message : ''
  const position = /position (\d+)/.exec(message)?.[1]
  const line =
    position === undefined ? text.split('\n').length : text.slice(0, Number(position)).split('\n').length
  return {
    message: `${path}, line ${line}: is not valid JSON`,
    fix: 'Look at that line and the one before it for a missing comma or quote, or a comment; write \\ as \\\\.',
  }
}

function suggestion(key: string, schema: {readonly shape: object}): string {
  const near = Object.keys(schema.shape).find((known) => plain(known) === plain(key))
  return near === undefined ? '' : ` (did you mean ${near}?)`
}

/** `MFA_TENANT_ID`, `tenant-id` and `tenant` are the same wish. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/^mfa|(?<!client)id$/g, '')
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
