import {configFileSchema, type ConfigFile} from './config-schema.js'
import {keyLines} from './json-lines.js'
import type {JsonObject} from '../model/json-object.js'

/** What is wrong with one key of the config file. */
export interface KeyFault {
  readonly line: number
  readonly key: string
  readonly problem: string
  readonly fix: string
}

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

/** The right values of a config file, and every fault in the order of the lines. `text` is what `data` was read from. */
export function checkConfig(
  data: JsonObject,
  text: string,
): {readonly values: ConfigFile; readonly faults: readonly KeyFault[]} {
  const {lines, twice} = keyLines(text)
  const faults: KeyFault[] = []
  const values: Record<string, unknown> = {...data}
  const add = (key: string, problem: string, fix: string, line = lines.get(key)) => {
    const [top = ''] = key.split('.')
    faults.push({line: line ?? lines.get(top) ?? 1, key, problem, fix})
    delete values[top]
  }
  for (const {path, line} of twice) add(path, 'is there twice', 'Keep one of them.', line)
  for (const [key, value] of Object.entries(values)) {
    const found = secretFault(key, value)
    if (found !== undefined) add(key, found.problem, found.fix)
  }
  for (const issue of configFileSchema.safeParse(values).error?.issues ?? []) {
    if (issue.code !== 'unrecognized_keys')
      add(issue.path.join('.'), lowerFirst(issue.message), 'Correct the value.')
    else
      for (const key of issue.keys)
        add(key, `is not a setting${suggestion(key, configFileSchema)}`, 'Correct or remove the key.')
  }
  return {
    values: configFileSchema.safeParse(values).data ?? {},
    faults: faults.toSorted((one, other) => one.line - other.line),
  }
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
