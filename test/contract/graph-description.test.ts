import {describe, expect, it} from 'vitest'

import {ROUTES} from '../../src/lib/sandbox/routes.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'

const description = graphDescription()
const VERSIONS = ['v1.0', 'beta'] as const

/** A path that fits a template. */
function example(template: string): string {
  return template.replaceAll(/\{[^}]+\}/g, 'aaaaaaaa-0000-4000-8000-000000000001')
}

describe.skipIf(description === undefined)(
  `the description of Graph can tell wrong from right${description === undefined ? ` ${SKIP_REASON}` : ''}`,
  () => {
    it.each(VERSIONS)('refuses something for every operation of %s', (version) => {
      const blind = (description?.operations(version) ?? []).filter((operation) => {
        const [method = '', template = ''] = operation.split(' ')
        const path = example(template)
        const badQuery = description?.checkRequest({version, method, path: `${path}?$nonsense=1`})
        const badBody = description?.checkRequest({version, method, path, body: 'nonsense'})
        const badAnswer = description?.checkResponse({version, method, path, status: 299, body: {}})
        const badError = description?.checkResponse({version, method, path, status: 400, body: {error: 'no'}})
        return [badQuery, badBody, badAnswer, badError].some((faults) => faults?.length === 0)
      })
      expect(blind).toEqual([])
    })

    it.each(VERSIONS)(
      'has every route of the sandbox in %s, and the sandbox has every operation',
      (version) => {
        const general = (operation: string): string =>
          operation.replaceAll(/\{[^}]+\}/g, '{}').replaceAll(/'\{\}'/g, '{}')
        const described = new Set((description?.operations(version) ?? []).map(general))
        const routes = new Set(
          ROUTES.filter((route) => route.version === undefined || route.version === version).map((route) =>
            general(`${route.method} ${route.template}`),
          ),
        )
        expect([...routes].filter((route) => !described.has(route))).toEqual([])
        const unanswered = [...described].filter((operation) => !routes.has(operation))
        // Answered before the routes.
        expect(unanswered).toEqual(['POST /$batch'])
      },
    )

    it('finds a wrong property, a wrong type and a type of the other version in answers', () => {
      const check = (version: 'v1.0' | 'beta', value: object[]) =>
        description?.checkResponse({
          version,
          method: 'GET',
          path: '/users/x/authentication/methods',
          status: 200,
          body: {value},
        })
      const token = {'@odata.type': '#microsoft.graph.hardwareOathAuthenticationMethod', id: 'x'}
      expect(check('beta', [token])).toEqual([])
      expect(check('v1.0', [token])).not.toEqual([])
      expect(check('beta', [{...token, shoeSize: 44}])).not.toEqual([])
      expect(check('beta', [{...token, id: 44}])).not.toEqual([])
    })

    it('looks into batches', () => {
      const requests = [{id: '1', method: 'GET', url: '/users?$top=5000'}]
      expect(
        description?.checkRequest({version: 'v1.0', method: 'POST', path: '/$batch', body: {requests}}),
      ).not.toEqual([])
      const good = [{id: '1', method: 'GET', url: '/users?$top=5'}]
      expect(
        description?.checkRequest({version: 'v1.0', method: 'POST', path: '/$batch', body: {requests: good}}),
      ).toEqual([])
      const answer = (body: object) =>
        description?.checkResponse({
          version: 'v1.0',
          method: 'POST',
          path: '/$batch',
          status: 200,
          body: {responses: [{id: '1', status: 200, body}]},
          requestBody: {requests: good},
        })
      expect(answer({value: []})).toEqual([])
      expect(answer({values: []})).not.toEqual([])
    })
  },
)
