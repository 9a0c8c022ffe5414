import {afterAll, beforeAll, expect, it} from 'vitest'

import type {CheckedRequest} from '../contract/graph-description.js'
import {GROUP, manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'
import {newPlace, type Place} from '../helpers/mfa.js'
import {type RecordingProxy, startRecordingProxy} from '../helpers/recording-proxy.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const USERS = 12

let tenant: Tenant
let proxy: RecordingProxy
let place: Place
let silent = 0

beforeAll(async () => {
  tenant = await startTenant({tenant: manyUsersTenant(USERS)})
  proxy = await startRecordingProxy(tenant.env['MFA_GRAPH_URL'] ?? '', (asked) => {
    if (!writes(asked)) return false
    silent += 1
    return true
  })
  place = await newPlace(tenant.env)
  for (const [name, text] of Object.entries(manyUsersBundle(USERS))) await place.file(`bundle/${name}`, text)
})
afterAll(async () => {
  await place.remove()
  await proxy.stop()
  await tenant.stop()
})

it('run ends within ten seconds of SIGTERM where Graph answers no write, and the next one goes on', async () => {
  const words = ['--group', GROUP, '--source', 'bundle', '--consistency', '3']
  const running = place.start(['sync', 'run', ...words, '--interval', '1h'], {
    env: {MFA_GRAPH_URL: proxy.url},
  })
  await expect.poll(() => silent, {interval: 20, timeout: 20_000}).toBeGreaterThan(0)
  const began = performance.now()
  running.process.kill('SIGTERM')
  const {code, stderr} = await running.ended
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(code, stderr).toBe(0)
  expect(tenant.writes()).toBe(0)
  const next = await place.mfa(['sync', 'once', ...words, '--json'])
  expect(next.json()).toMatchObject({summary: {users: USERS, migrated: USERS, failed: 0}})
  expect(next.code).toBe(0)
})

const writes = ({method, path, body}: CheckedRequest): boolean =>
  path === '/$batch'
    ? (body as {requests: readonly {method: string}[]}).requests.some((one) => one.method !== 'GET')
    : method !== 'GET'
