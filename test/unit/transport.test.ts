import {describe, expect, it} from 'vitest'
import {path, quoted} from '../../src/lib/entra/transport/graph-request.js'
import type {GraphLogEvent} from '../../src/lib/entra/transport/graph.js'
import {
  errorAnswer,
  get,
  graphOf,
  jumpingClock,
  live,
  post,
  rejection,
  scriptedServer,
  TOKEN,
} from './transport-helpers.js'

describe('requests', () => {
  it('carry the token, an id of their own and an encoded URL', async () => {
    const server = await scriptedServer(() => ({body: {ok: true}}))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const name = "o'neil+a&b_contoso.com#EXT#@x.onmicrosoft.com"
    const answer = await graph.read(
      {
        ...get(path`/users/${name}/authentication/methods`),
        query: {$filter: `a eq ${quoted("d'x&y#z+1")}`, $select: 'id,b'},
      },
      live(),
    )
    expect(answer).toMatchObject({status: 200, body: {ok: true}, requestId: 'rid-http'})
    const [seen] = server.seen
    const url = new URL(seen?.url ?? '', server.url)
    expect(decodeURIComponent(url.pathname)).toBe(`/v1.0/users/${name}/authentication/methods`)
    expect(url.searchParams.get('$filter')).toBe("a eq 'd''x&y#z+1'")
    expect(url.searchParams.get('$select')).toBe('id,b')
    expect(seen?.headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(seen?.headers['client-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(seen?.headers['content-type']).toBeUndefined()
  })

  it('send a body as JSON, and none where there is none', async () => {
    const server = await scriptedServer(() => ({status: 204}))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    expect(await graph.write(post('/a', {n: 1}), live())).toMatchObject({status: 204, body: undefined})
    await graph.write({method: 'POST', version: 'beta', path: '/b'}, live())
    expect(server.seen[0]).toMatchObject({url: '/v1.0/a', body: {n: 1}})
    expect(server.seen[0]?.headers['content-type']).toBe('application/json')
    expect(server.seen[1]).toMatchObject({url: '/beta/b', body: undefined})
  })

  it.each(['http://graph.example.com', 'ftp://127.0.0.1', 'nonsense', 'https://u:p@graph.example.com'])(
    'refuse the root %s',
    async (root) => {
      const error = await rejection((async () => graphOf(root, {clock: jumpingClock()}))())
      expect(error).toMatchObject({exit: 'usage', code: 'GRAPH_URL_INVALID'})
    },
  )

  it('never show the token in errors and logs', async () => {
    const events: GraphLogEvent[] = []
    const server = await scriptedServer(() => errorAnswer(403, 'Authorization_RequestDenied'))
    const graph = graphOf(server.url, {clock: jumpingClock(), log: (event) => events.push(event)})
    const error = await rejection(graph.read(get('/users/1/authentication/methods'), live()))
    expect(events).toHaveLength(1)
    expect(JSON.stringify([error, error.message, error['fix'], error.stack, events])).not.toContain(TOKEN)
  })
})

describe('answers', () => {
  it.each([
    [
      'an HTML page',
      {headers: {'content-type': 'text/html'}, body: '<h1>Sign in to the network</h1>'},
      'GRAPH_UNREACHABLE',
      /HTML page instead of JSON: a proxy/,
    ],
    [
      'a redirect',
      {status: 302, headers: {location: 'http://127.0.0.1:1/'}},
      'GRAPH_UNREACHABLE',
      /redirects are not followed/,
    ],
    ['truncated JSON', {body: '{"value":['}, 'GRAPH_UNREACHABLE', /cut off/],
    ['nothing at all', {status: 200}, 'GRAPH_FAILED', /without content/],
  ])('that are %s are errors of a read', async (_name, scripted, code, message) => {
    const server = await scriptedServer(() => scripted)
    const graph = graphOf(server.url, {clock: jumpingClock(), retry: {maxAttempts: 3}})
    const error = await rejection(graph.read(get('/users'), live()))
    expect(error).toMatchObject({code, exit: 'unavailable'})
    expect(error.message).toMatch(message)
  })

  it('that are an HTML page leave a POST in doubt', async () => {
    const server = await scriptedServer(() => ({headers: {'content-type': 'text/html'}, body: '<p>hello'}))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    expect(await rejection(graph.write(post('/a'), live()))).toMatchObject({kind: 'lost'})
    expect(server.seen).toHaveLength(1)
  })

  it('keep code, message and request id of the service', async () => {
    const server = await scriptedServer(() => errorAnswer(400, 'Request_BadRequest', 'Invalid value.'))
    const error = await rejection(graphOf(server.url, {clock: jumpingClock()}).read(get('/users'), live()))
    expect(error).toMatchObject({
      kind: 'refused',
      status: 400,
      graphCode: 'Request_BadRequest',
      requestId: 'rid-http',
    })
    expect(error.message).toContain('Invalid value.')
  })

  it('take the request id from innerError, and a sentence out of JSON inside the message', async () => {
    const server = await scriptedServer(() => ({
      ...errorAnswer(400, 'UnknownError', '{"Message":"Nested words."}'),
      headers: {'request-id': ''},
    }))
    const error = await rejection(graphOf(server.url, {clock: jumpingClock()}).read(get('/users'), live()))
    expect(error.message).toContain('Nested words.')
    expect(error['requestId']).toBe('rid-inner')
  })
})

it('tells which permissions were of use, of requests that succeeded alone', async () => {
  const server = await scriptedServer(({url}) =>
    url.includes('/organization')
      ? errorAnswer(403, 'Authorization_RequestDenied')
      : {status: 200, body: {value: []}},
  )
  const used: string[] = []
  const graph = graphOf(server.url, {clock: jumpingClock(), used: (permission) => used.push(permission)})
  const read = (path: string) => graph.read({method: 'GET', version: 'v1.0', path}, live())
  await read('/groups/1/transitiveMembers/microsoft.graph.user')
  await rejection(read('/organization'))
  expect(used).toEqual(['GroupMember.Read.All', 'User.Read.All'])
})

describe('sign-in and permission', () => {
  it('asks for a new token once after 401, however many requests are refused', async () => {
    let token = 'old'
    const asked: boolean[] = []
    const server = await scriptedServer((seen) =>
      seen.headers.authorization === 'Bearer new'
        ? {body: {ok: 1}}
        : errorAnswer(401, 'InvalidAuthenticationToken'),
    )
    const graph = graphOf(server.url, {
      clock: jumpingClock(),
      async token(_signal, options) {
        asked.push(options?.refresh === true)
        if (options?.refresh) token = 'new'
        return token
      },
    })
    const reads = [graph.read(get('/a'), live()), graph.read({...get('/b'), version: 'beta'}, live())]
    expect((await Promise.all(reads)).map((answer) => answer.body)).toEqual([{ok: 1}, {ok: 1}])
    expect(asked.filter(Boolean)).toHaveLength(1)
  })

  it('ends with auth after the second 401', async () => {
    const server = await scriptedServer(() => errorAnswer(401, 'InvalidAuthenticationToken'))
    const error = await rejection(graphOf(server.url, {clock: jumpingClock()}).write(post('/a'), live()))
    expect(error).toMatchObject({exit: 'auth', code: 'GRAPH_SIGNED_OUT', requestId: 'rid-http'})
    expect(server.seen).toHaveLength(2)
  })

  it.each([
    ['GET', '/users/1/authentication/methods', 'UserAuthenticationMethod.Read.All'],
    ['POST', '/users/1/authentication/phoneMethods', 'UserAuthMethod-Phone.ReadWrite.All'],
    ['DELETE', '/users/1/authentication/hardwareOathMethods/2', 'UserAuthMethod-HardwareOATH.ReadWrite.All'],
    ['PATCH', '/users/1/authentication/signInPreferences', 'UserAuthenticationMethod.ReadWrite.All'],
    [
      'POST',
      '/directory/authenticationMethodDevices/hardwareOathDevices',
      'Policy.ReadWrite.AuthenticationMethod',
    ],
    ['GET', '/groups/1/transitiveMembers/microsoft.graph.user', 'GroupMember.Read.All'],
    ['GET', '/policies/authenticationMethodsPolicy', 'Policy.Read.AuthenticationMethod'],
  ] as const)('names the permission that %s %s needs', async (method, to, permission) => {
    const server = await scriptedServer(() => errorAnswer(403, 'Authorization_RequestDenied'))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const error = await rejection(graph.write({method, version: 'v1.0', path: to}, live()))
    expect(error).toMatchObject({exit: 'auth', code: 'GRAPH_FORBIDDEN', requestId: 'rid-http'})
    expect(error.message).toContain(permission)
    expect(error['fix']).toContain(`mfa app grant ${permission} `)
    expect(server.seen).toHaveLength(1)
  })
})

it('an error status that is not in the form of Graph: something else answers there', async () => {
  const server = await scriptedServer(() => ({status: 404, body: {}}))
  const graph = graphOf(server.url, {clock: jumpingClock()})
  const error = await rejection(graph.write({method: 'PATCH', version: 'v1.0', path: '/groups/1'}, live()))
  expect(error).toMatchObject({exit: 'unavailable', code: 'GRAPH_REFUSED', kind: 'refused', status: 404})
  expect(error['fix']).toContain('MFA_GRAPH_URL')
})

describe('pages', () => {
  const collect = async (pages: AsyncIterable<readonly unknown[]>): Promise<unknown[]> => {
    const all: unknown[] = []
    for await (const page of pages) all.push(...page)
    return all
  }

  it('follow the link as it came, with the headers of the first request', async () => {
    const server = await scriptedServer((seen) =>
      seen.url.includes('skiptoken')
        ? {body: {value: [3]}}
        : {
            body: {
              value: [1, 2],
              '@odata.nextLink': `http://${seen.headers.host}/v1.0/users?$skiptoken=a%2Bb=&$top=2`,
            },
          },
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const request = {...get('/users'), headers: {ConsistencyLevel: 'eventual'}}
    expect(await collect(graph.pages(request, live()))).toEqual([1, 2, 3])
    expect(server.seen[1]?.url).toBe('/v1.0/users?$skiptoken=a%2Bb=&$top=2')
    expect(server.seen[1]?.headers['consistencylevel']).toBe('eventual')
  })

  it('never send the token to another host', async () => {
    const other = await scriptedServer(() => ({body: {value: []}}))
    const server = await scriptedServer(() => ({
      body: {value: [1], '@odata.nextLink': `${other.url}/v1.0/users?$skip=1`},
    }))
    const error = await rejection(
      collect(graphOf(server.url, {clock: jumpingClock()}).pages(get('/users'), live())),
    )
    expect(error).toMatchObject({code: 'GRAPH_FOREIGN_HOST', exit: 'unavailable'})
    expect(other.seen).toHaveLength(0)
  })

  it.each([
    ['the same link', () => '1'],
    ['ever new links to empty pages', (n: number) => String(n)],
  ])('stop at a list without an end: %s', async (_name, tokenOf) => {
    let n = 0
    const server = await scriptedServer((seen) => ({
      body: {
        value: [],
        '@odata.nextLink': `http://${seen.headers.host}/v1.0/users?$skiptoken=${tokenOf(n++)}`,
      },
    }))
    const error = await rejection(
      collect(graphOf(server.url, {clock: jumpingClock()}).pages(get('/users'), live())),
    )
    expect(error).toMatchObject({code: 'GRAPH_BAD_LIST', exit: 'unavailable'})
    expect(n).toBeLessThan(200)
  })

  it('want a list', async () => {
    const server = await scriptedServer(() => ({body: {hello: 1}}))
    const error = await rejection(
      collect(graphOf(server.url, {clock: jumpingClock()}).pages(get('/users'), live())),
    )
    expect(error).toMatchObject({code: 'GRAPH_BAD_LIST'})
  })
})

it('knows the time of the service', async () => {
  const clock = jumpingClock(Date.parse('2027-01-15T08:00:00Z'))
  const server = await scriptedServer(() => ({headers: {date: 'Fri, 15 Jan 2027 08:01:30 GMT'}, body: {}}))
  const graph = graphOf(server.url, {clock})
  await graph.read(get('/organization'), live())
  expect(graph.serviceClock.offsetMs()).toBe(90_500)
  expect(graph.serviceClock.now().toISOString()).toBe('2027-01-15T08:01:30.500Z')
})
