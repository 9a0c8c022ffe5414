import {mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterEach, beforeEach, expect, it} from 'vitest'

import {createConfigStore} from '../../src/lib/config/config-store.js'
import {changeTo} from '../../src/lib/registration/config-values.js'
import {ownerFiles} from '../../src/lib/state/owner-files.js'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-store-'))
  file = join(folder, 'deep', 'mfa.config.json')
})
afterEach(() => rm(folder, {recursive: true}))
const store = (path = file) => createConfigStore(path, ownerFiles)

it('makes the file for its owner only, and merges into what is there, known or not', async () => {
  expect(await store().read()).toEqual({})
  await store().write({tenant: 'contoso.com', clientId: 'a'})
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await writeFile(file, '\uFEFF{"tenant": "contoso.com", "later": {"x": [1]}, "clientId": "a"}')
  await store().write({clientId: 'b', tenant: null, cloud: 'usgov'})
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({later: {x: [1]}, clientId: 'b', cloud: 'usgov'})
  expect(store().resolve('client.pem')).toBe(join(folder, 'deep', 'client.pem'))
})

it.each(['[1]', '{"tenant": ', 'tenant: contoso.com'])(
  'does not overwrite what is no JSON object: %s',
  async (text) => {
    const other = join(folder, 'other.json')
    await writeFile(other, text)
    await expect(store(other).write({tenant: 'x'})).rejects.toMatchObject({
      code: 'CONFIG_UNUSABLE',
      exit: 'usage',
    })
    expect(await readFile(other, 'utf8')).toBe(text)
  },
)

it('names only what changes, with what stood there', () => {
  const there = {tenant: 'contoso.com', features: ['migrate']}
  expect(
    changeTo(there, {tenant: 'contoso.com', features: ['migrate'], cloud: undefined}, file),
  ).toBeUndefined()
  expect(changeTo(there, {tenant: null, features: ['migrate', 'sync']}, file)).toMatchObject({
    before: {tenant: 'contoso.com', features: ['migrate']},
    after: {tenant: null, features: ['migrate', 'sync']},
  })
})
