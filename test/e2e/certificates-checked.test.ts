import {createServer, type Server} from 'node:https'
import type {AddressInfo} from 'node:net'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {makeCertificate} from '../helpers/certificates.js'
import {newPlace, type Place} from '../helpers/mfa.js'

let place: Place
let server: Server
let url: string
let requests = 0

beforeAll(async () => {
  place = await newPlace()
  const {certificate, key} = await makeCertificate(place.work, 'localhost')
  server = createServer({cert: certificate, key}, (_request, response) => {
    requests += 1
    response.end()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  url = `https://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  await place.remove()
})

const UNCHECKED = {NODE_TLS_REJECT_UNAUTHORIZED: '0'}

test.each<[string, readonly string[], () => Readonly<Record<string, string>>]>([
  [
    'MFA Server',
    ['source', 'check', '--json'],
    () => ({
      MFA_SOURCE: `${url}/PfWsSdk.asmx`,
      MFA_SOURCE_USERNAME: 'reader',
      MFA_SOURCE_PASSWORD: 'invented',
    }),
  ],
  [
    'Microsoft Graph',
    ['users', 'list', '--group', 'G', '--max-wait', '0', '--json'],
    () => ({
      MFA_GRAPH_URL: url,
      MFA_ACCESS_TOKEN: 'invented',
      MFA_TENANT_ID: '11111111-0000-4000-8000-000000000001',
    }),
  ],
])('the certificate of %s is checked, though Node is told not to mind', async (_name, args, env) => {
  const ended = await place.mfa(args, {env: {...env(), ...UNCHECKED}})
  expect([ended.code, requests]).toEqual([expect.toBeOneOf([6, 64]), 0])
  expect(JSON.stringify(ended.json()['error'])).toMatch(/certificate/i)
})

test('it is said that the variable has no effect', async () => {
  const ended = await place.mfa(['runs', 'list', '--json'], {env: UNCHECKED})
  expect(ended.json()['warnings']).toEqual([
    expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored'),
  ])
})
