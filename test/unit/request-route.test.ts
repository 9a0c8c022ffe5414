import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {describe, expect, it} from 'vitest'

import {routeOf} from '../../src/lib/entra/transport/request-done.js'

describe('the route of a request', () => {
  it.each([
    ['/users', '/users'],
    ['/users/jdoe%40contoso.com', '/users/{id}'],
    ['/users/jdoe/authentication/methods', '/users/{id}/authentication/methods'],
    ["/applications(appId='1b5f0000-0000-4000-8000-000000000000')", '/applications({id})'],
    ['/groups/MFA%20early%20birds/members/$ref', '/groups/{id}/members/$ref'],
    ['/domains/contoso.com/federationConfiguration/17', '/domains/{id}/federationConfiguration/{id}'],
    ["/users?$filter=userPrincipalName eq 'jdoe@contoso.com'", '/users'],
    [
      '/groups/1/transitiveMembers/microsoft.graph.user?$skiptoken=jdoe',
      '/groups/{id}/transitiveMembers/microsoft.graph.user',
    ],
    ['/a-word/that/nobody/put/here', '/{id}/{id}/{id}/{id}/{id}'],
  ])('%s is %s', (path, route) => {
    expect(routeOf(path)).toBe(route)
  })

  it('keeps every word of every path that is written down in the source', async () => {
    const folder = join(import.meta.dirname, '../../src/lib/entra')
    const files = (await readdir(folder, {recursive: true})).filter((name) => name.endsWith('.ts'))
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
    const written = texts
      .filter((text) => /GraphRequest|graph\.(?:read|write|pages)|path`/.test(text))
      .flatMap((text) => [
        ...[...text.matchAll(/path`([^`]*)`/g)].map(([, path = '']) => path),
        ...[...text.matchAll(/(?<=path: |PATH = |PATH =\n {2})'(\/[^']*)'/g)].map(([, path = '']) => path),
        ...[...text.matchAll(/`}(\/[\w$/]+)`/g)].map(([, path = '']) => path),
        ...[...text.matchAll(/\}(\/[a-z]\w+)`/gi)].map(([, path = '']) => path),
      ])
      .filter((path) => path.startsWith('/'))
    expect(written.length).toBeGreaterThan(40)
    const words = new Set(
      written.flatMap((path) =>
        path.split('/').filter((segment) => segment !== '' && !segment.includes('${')),
      ),
    )
    for (const word of words) expect(routeOf(`/${word}`), word).toBe(`/${word}`)
  })
})
