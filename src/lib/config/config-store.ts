import {readFile} from 'node:fs/promises'
import {dirname, resolve} from 'node:path'
import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import {parseJsonObject, type JsonObject} from '../model/json-object.js'
import type {ConfigStore} from '../ports/app-registration.js'
import type {Files} from '../ports/files.js'

/** The settings file as it stands, for a command that writes it. Keys that are not known are kept. */
export function createConfigStore(file: string, files: Files): ConfigStore {
  const read = async (): Promise<JsonObject> => {
    let text: string
    try {
      text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return {}
      throw unusable(file, `cannot be read (${errorCode(error) ?? 'unknown reason'})`)
    }
    try {
      const data = parseJsonObject(text)
      if (data !== undefined) return data
    } catch {
      // Said below; V8's message quotes the text.
    }
    throw unusable(file, 'is not a JSON object')
  }
  return {
    file,
    resolve: (path) => resolve(dirname(file), path),
    read,
    async write(values) {
      const merged: Record<string, unknown> = {...(await read()), ...values}
      for (const [key, value] of Object.entries(merged)) if (value === null) delete merged[key]
      await files.write(file, [`${JSON.stringify(merged, null, 2)}\n`])
    },
  }
}

function unusable(file: string, why: string): MfaError {
  return new MfaError('CONFIG_UNUSABLE', `${file}: ${why}`, {
    exit: 'usage',
    fix: 'Correct the file, or name another: --config FILE.',
  })
}
