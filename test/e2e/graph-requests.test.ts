import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {graphDescription, SKIP_REASON} from '../contract/graph-description.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {type RecordingProxy, startRecordingProxy} from '../helpers/recording-proxy.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const description = graphDescription()
const SOURCE = [
  '--source',
  CONTOSO,
  '--seed-file',
  `${CONTOSO}/seeds.csv`,
  '--mapping',
  `${CONTOSO}/mapping.csv`,
]
const PILOT = ['--group', 'MFA pilot', ...SOURCE]

let tenant: Tenant
let proxy: RecordingProxy
let place: Place
beforeAll(async () => {
  tenant = await startTenant()
  proxy = await startRecordingProxy(tenant.sandbox.rootUrl)
  place = await newPlace({...tenant.env, MFA_GRAPH_URL: proxy.url})
})
afterAll(async () => {
  await proxy.stop()
  await tenant.stop()
  await place.remove()
})

describe.skipIf(description === undefined)(
  `what is sent${description === undefined ? ` ${SKIP_REASON}` : ''}`,
  () => {
    test.each([
      {name: 'users list', args: ['users', 'list', '--group', 'MFA pilot'], code: 0},
      {name: 'a dry run', args: ['migrate', ...PILOT, '--dry-run'], code: 0},
      {name: 'a migration of everything', args: ['migrate', ...PILOT, '--yes'], code: 3},
      {
        name: 'a token that is refused',
        args: ['migrate', '--group', 'Refused token', ...SOURCE, '--yes'],
        code: 3,
      },
      {
        name: 'replaced phones',
        args: ['migrate', ...PILOT, '--yes', '--all', '--phones', 'replace'],
        code: 3,
      },
      {name: 'verify', args: ['verify', ...PILOT], code: 2},
      {
        name: 'users list with methods',
        args: ['users', 'list', '--group', 'MFA pilot', '--columns', 'user,phones,default,devices,tokens'],
        code: 0,
      },
      {name: 'users show', args: ['users', 'show', 'ada.sunrise@contoso.com', ...SOURCE], code: 0},
      {name: 'mapping export', args: ['mapping', 'export', ...PILOT, '--out', 'map.csv'], code: 0},
    ])('$name: only what the description of Graph allows', async ({args, code}) => {
      const before = proxy.requests.length
      const result = await place.mfa(args)
      expect({code: result.code, err: result.stderr}).toEqual({code, err: result.stderr})
      const sent = proxy.requests.slice(before)
      expect(sent.length).toBeGreaterThan(0)
      const faults = sent.flatMap((request) =>
        (description?.checkRequest(request) ?? []).map(
          (fault) => `${request.method} ${request.path}: ${fault}`,
        ),
      )
      expect(faults).toEqual([])
      expect(sent.filter(({headers}) => headers?.['authorization'] === undefined)).toEqual([])
    })
  },
)
