import {readFile} from 'node:fs/promises'
import {expect, test} from 'vitest'

import {GROUP, manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'
import {newPlace} from '../helpers/mfa.js'
import {startTenant} from '../helpers/tenant.js'

test('above 1,000 users the JSON holds the notable ones, and a file all of them', async () => {
  const count = 1010
  const tenant = await startTenant({tenant: manyUsersTenant(count)})
  const place = await newPlace(tenant.env)
  const bundle = manyUsersBundle(count, {everyTenth: 'bad-mode', phonesOnly: true})
  for (const [name, text] of Object.entries(bundle)) await place.file(`bundle/${name}`, text)
  const dry = await place.mfa(['migrate', '--group', GROUP, '--source', 'bundle', '--dry-run', '--json'])
  expect(dry.code).toBe(0)
  const json = dry.json() as {
    users: {outcome: string; findings: unknown[]}[]
    usersFile: string
    summary: object
  }
  expect(json.summary).toMatchObject({users: count, failed: 101, migrated: count - 101})
  const isNotable = ({outcome, findings}: {outcome: string; findings: unknown[]}): boolean =>
    outcome === 'failed' || outcome === 'partly' || findings.length > 0
  const lines = (await readFile(json.usersFile, 'utf8')).trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as {outcome: string; findings: unknown[]})
  expect(all).toHaveLength(count)
  expect(json.users).toEqual(all.filter(isNotable))
  expect(json.users.filter(({outcome}) => outcome === 'failed')).toHaveLength(101)
  await tenant.stop()
  await place.remove()
})
