import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {newPlace} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'
import {CASES, GOOD_USERS, GROUP} from './bad-input-cases.js'

let tenant: Tenant
beforeAll(async () => {
  tenant = await startTenant()
})
afterAll(() => tenant.stop())

/** What a person must never see: a stack trace, the class of an error, a secret. */
const NEVER = /\n\s+at .+:\d+:\d+|node:internal|TypeError|\[object Object\]|TOP-SECRET|FAKESEED|undefined/

test('there are at least thirty kinds', () => {
  expect(new Set(CASES.map(({name}) => name)).size).toBe(CASES.length)
  expect(CASES.length).toBeGreaterThanOrEqual(30)
})

describe('bad input', () => {
  for (const {name, skip = false, ...input} of CASES) {
    test.skipIf(skip).concurrent(`${name}: ${input.code}`, {timeout: 60_000}, async ({expect}) => {
      const place = await newPlace(tenant.env)
      const files = Object.entries(input.bundle ?? {'users.csv': GOOD_USERS})
      for (const [file, content] of files) await place.file(`bundle/${file}`, content)
      const given = await input.given?.(place)
      try {
        const usual = ['migrate', ...GROUP, '--source', 'bundle', '--dry-run', ...(input.more ?? [])]
        const args = given?.args ?? input.args ?? usual
        // So wide that no table breaks a text.
        const env = {COLUMNS: '500', ...input.env, ...given?.env}
        const started = Date.now()
        const plain = await place.mfa(args, {env, timeout: 20_000})
        const seconds = (Date.now() - started) / 1000
        const json = await place.mfa([...args, '--json'], {env, timeout: 20_000})
        const said = `${plain.stdout}${plain.stderr}`
        expect({code: plain.code, said}).toEqual({code: input.code, said})
        for (const pattern of input.says) expect(said).toMatch(pattern)
        expect(said).not.toMatch(NEVER)
        expect(seconds).toBeLessThan(15)

        expect(json.code).toBe(input.code)
        const object = json.json()
        expect(object['schemaVersion']).toBe(1)
        for (const pattern of input.says)
          expect(`${problems(object)}${JSON.stringify(object)}`).toMatch(pattern)
        expect(`${json.stdout}${json.stderr}`).not.toMatch(NEVER)
        const isFailure = ![0, 3].includes(input.code)
        expect(failureKeys(object)).toEqual(isFailure ? ['code', 'message', 'fix'] : [])
        expect(json.stderr.match(/^error:/m)).toBeNull()
      } finally {
        await given?.stop?.()
        await place.remove()
      }
    })
  }
})

/** `problems` of a JSON result in the words of the table: file, line and field. */
function problems(object: Record<string, unknown>): string {
  const list = (object['problems'] ?? []) as {file?: string; line?: number; field?: string; detail: string}[]
  return list
    .map(({file, line, field, detail}) =>
      [
        file,
        line === undefined ? '' : `, line ${line}`,
        field === undefined ? '' : `, field ${field}`,
        `: ${detail}\n`,
      ].join(''),
    )
    .join('')
}

/** Keys of a failure that the contract names, as far as they hold a text; nothing for a result. */
function failureKeys(object: Record<string, unknown>): readonly string[] {
  const error = (object['error'] ?? {}) as Readonly<Record<string, string>>
  const {code = 'NONE'} = error
  const told = ['code', 'message', 'fix'].filter((key) => typeof error[key] === 'string' && error[key] !== '')
  return /^[A-Z][A-Z0-9_]+$/.test(code) ? told : [`the code ${code}`]
}
