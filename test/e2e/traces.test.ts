import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterEach, describe, expect, it} from 'vitest'

import {type Collector, facts, type Manner, type OtlpSpan, startCollector} from '../helpers/collector.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {startRecordingProxy} from '../helpers/recording-proxy.js'
import {startTenant} from '../helpers/tenant.js'

const GROUP = ['--group', 'MFA early birds', '--seed-file', `${CONTOSO}/seeds.csv`]

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

async function place(env: Record<string, string> = {}): Promise<Place> {
  const made = await newPlace({MFA_TENANT_ID: 'sandbox', MFA_SOURCE: CONTOSO, ...env})
  cleanups.push(() => made.remove())
  return made
}

async function collector(manner?: Manner): Promise<Collector> {
  const made = await startCollector(manner)
  cleanups.push(() => made.close())
  return made
}

const named = (spans: readonly OtlpSpan[], name: string): OtlpSpan => {
  const found = spans.find((span) => span.name === name)
  if (found === undefined)
    throw new Error(`no span ${name} among ${spans.map((span) => span.name).join(', ')}`)
  return found
}

/** Names of those above, the root last. */
function above(span: OtlpSpan, spans: readonly OtlpSpan[]): readonly string[] {
  if (span.parentSpanId === undefined || span.parentSpanId === '') return []
  const parent = spans.find(({spanId}) => spanId === span.parentSpanId)
  if (parent === undefined) throw new Error(`${span.name} has a parent that was never sent`)
  return [parent.name, ...above(parent, spans)]
}

/** Whatever could tell a person: every value of the fixture that is not a word or a short number. */
async function personal(): Promise<readonly string[]> {
  const names = ['tenant.json', 'users.csv', 'seeds.csv', 'oath.csv', 'devices.csv']
  const texts = await Promise.all(names.map((name) => readFile(join(CONTOSO, name), 'utf8').catch(() => '')))
  const text = texts.join('\n')
  const found = [
    // Names with a domain, object ids but for that of the tenant, telephone numbers, seeds and serial numbers.
    ...(text.match(/[\w.+'-]+@[\w.-]+/g) ?? []),
    ...(text.match(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi) ?? []),
    ...(text.match(/\b\d{3}[ -]?\d{3}[ -]?\d{4}\b/g) ?? []),
    ...(text.match(/\b[A-Z2-7]{16,}\b/g) ?? []),
    ...(text.match(/\b\d{6,}\b/g) ?? []),
  ]
  return [...new Set(found)]
}

describe('traces', () => {
  it('of a round are one tree: the run, its phases, its requests', async () => {
    const there = await place()
    const {url, spans, resource, headers} = await collector()
    const result = await there.mfa(['sync', 'once', ...GROUP, '--json'], {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=not-a-real-key',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=rehearsal',
      },
    })
    expect(result.code, result.stderr).toBe(0)
    const all = spans()
    const root = named(all, 'mfa sync once')
    expect(new Set(all.map(({traceId}) => traceId)).size).toBe(1)
    expect(all.filter((span) => above(span, all).length === 0)).toEqual([root])
    for (const phase of ['reading the source', 'reading the group', 'planning', 'migrating'])
      expect(above(named(all, phase), all)).toEqual(['mfa sync once'])
    const post = named(all, 'POST /users/{id}/authentication/phoneMethods')
    expect(above(post, all)).toEqual(['migrating', 'mfa sync once'])
    expect(facts(post.attributes)).toMatchObject({
      'http.request.method': 'POST',
      'url.template': '/v1.0/users/{id}/authentication/phoneMethods',
      'http.response.status_code': 201,
      'mfa.graph.attempts': 1,
      'mfa.graph.throttled_ms': 0,
      'mfa.graph.client_request_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'mfa.graph.request_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(above(named(all, 'GET /users/{id}/authentication/methods'), all)[0]).toBe('planning')
    const {run, summary} = result.json() as {run: string; summary: {users: number; migrated: number}}
    expect(facts(root.attributes)).toMatchObject({
      'mfa.run.id': run,
      'mfa.run.kind': 'sync',
      'mfa.tenant.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'mfa.users.total': summary.users,
      'mfa.users.migrated': summary.migrated,
      'mfa.actions.failed': 0,
      'mfa.exit': 'ok',
      'process.exit.code': 0,
    })
    expect(resource()).toMatchObject({'service.name': 'mfa', 'deployment.environment.name': 'rehearsal'})
    expect(headers[0]).toMatchObject({'x-key': 'not-a-real-key', 'content-type': 'application/json'})
  })

  it('name nobody: no user, number, id, seed or token of the fixture is in what is sent', async () => {
    const there = await place()
    const {url, bodies, spans} = await collector()
    const env = {OTEL_EXPORTER_OTLP_ENDPOINT: url}
    const done = await there.mfa(['migrate', ...GROUP, '--yes'], {env})
    expect(done.code, done.stderr).toBe(0)
    // A run that fails says somebody's name in its message.
    const nobody = 'somebody.else@contoso.com'
    const failed = await there.mfa(['migrate', ...GROUP, '--user', nobody, '--yes'], {env})
    expect(failed.stderr).toContain(nobody)
    const sent = bodies.join('\n')
    const tenantId = facts(named(spans(), 'mfa migrate').attributes)['mfa.tenant.id']
    const values = (await personal()).filter((value) => !String(tenantId).includes(value))
    expect(values.length).toBeGreaterThan(100)
    expect(values.filter((value) => /@/.test(value)).length).toBeGreaterThan(10)
    expect([...values, nobody, 'contoso', 'Bearer'].filter((value) => sent.includes(value))).toEqual([])
    const error = spans().filter(({status}) => status.code === 2)
    expect(error.map(({name, status}) => [name, status.message])).toContainEqual([
      'mfa migrate',
      'USER_NOT_IN_GROUP',
    ])
  })

  it('are of undo and verify too', async () => {
    const there = await place()
    const {url, spans} = await collector()
    const env = {OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`}
    await there.mfa(['migrate', ...GROUP, '--yes'])
    expect(spans()).toEqual([])
    const verified = await there.mfa(['verify', ...GROUP], {env})
    expect(verified.code, verified.stderr).toBe(0)
    expect(facts(named(spans(), 'mfa verify').attributes)).toMatchObject({
      'mfa.run.kind': 'verify',
      'mfa.users.total': 6,
    })
    const undone = await there.mfa(['undo', 'last', '--yes'], {env})
    expect(undone.code, undone.stderr).toBe(0)
    const root = facts(named(spans(), 'mfa undo').attributes)
    expect(root).toMatchObject({
      'mfa.run.kind': 'undo',
      'mfa.run.id': expect.any(String),
      'mfa.users.failed': 0,
    })
  })

  it('of "sync run" are one for each round, sent on SIGTERM at the latest', async () => {
    const there = await place()
    const {url, spans} = await collector()
    const running = there.start(['sync', 'run', ...GROUP, '--interval', '2s'], {
      env: {OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'mfa-sync'},
    })
    await running.untilStdout(/round 2/)
    const asked = performance.now()
    running.process.kill('SIGTERM')
    const {code, stderr} = await running.ended
    expect(code, stderr).toBe(0)
    expect(performance.now() - asked).toBeLessThan(10_000)
    const rounds = spans().filter(({name}) => name === 'sync round')
    expect(rounds.length).toBeGreaterThanOrEqual(2)
    expect(new Set(rounds.map(({traceId}) => traceId)).size).toBe(rounds.length)
    const [first] = rounds
    expect(facts(first?.attributes ?? [])).toMatchObject({'mfa.run.kind': 'sync', 'mfa.users.migrated': 6})
    for (const span of spans()) expect([span.name, ...above(span, spans())].at(-1)).toBe('sync round')
  })

  it.each([
    ['is not there', undefined, 'ECONNREFUSED'],
    ['says 500', 500, 'it answered 500'],
    ['says 503', 503, 'it is not ready'],
    ['never answers', 'hangs', 'no answer in 2 s'],
  ] as const)('do no harm where the collector %s', async (_what, manner, why) => {
    const there = await place()
    const url = manner === undefined ? 'http://127.0.0.1:9' : (await collector(manner)).url
    const without = await (await place()).mfa(['sync', 'once', ...GROUP])
    const began = performance.now()
    const result = await there.mfa(['sync', 'once', ...GROUP], {env: {OTEL_EXPORTER_OTLP_ENDPOINT: url}})
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(result.code, result.stderr).toBe(0)
    expect(without.code).toBe(0)
    const lines = (text: string) =>
      text.split('\n').filter((line) => !/^(reading|planning|migrating)/.test(line))
    const more = lines(result.stderr).filter((line) => !lines(without.stderr).includes(line))
    expect(more).toHaveLength(1)
    expect(more[0]).toMatch(/^traces do not all reach 127\.0\.0\.1:\d+: /)
    expect(more[0]).toContain(why)
    const log = (await there.everything()).find(({path}) => path.endsWith('.jsonl') && path.includes('logs'))
    expect(log?.text).toMatch(/"collector":"127\.0\.0\.1:\d+","ended":\d+,"taken":0/)
  })

  it('cost nothing where nobody asks for them: no module of OpenTelemetry is loaded', async () => {
    const there = await place()
    const watch = `import {registerHooks} from 'node:module'
      registerHooks({load(url, context, next) {
        if (url.includes('/@opentelemetry/')) process.stderr.write('loaded ' + url + '\\n')
        return next(url, context)
      }})`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(watch)}`
    const off = await there.mfa(['verify', ...GROUP], {env: {NODE_OPTIONS}})
    expect(off.stderr).not.toContain('@opentelemetry')
    const {url} = await collector()
    const on = await there.mfa(['verify', ...GROUP], {env: {NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT: url}})
    expect(on.stderr).toContain('@opentelemetry/sdk-trace')
  })

  it('send no header to Graph that is not sent without them', async () => {
    const tenant = await startTenant()
    cleanups.push(() => tenant.stop())
    const proxy = await startRecordingProxy(tenant.sandbox.rootUrl)
    cleanups.push(() => proxy.stop())
    const there = await place({...tenant.env, MFA_GRAPH_URL: proxy.url})
    const {url, spans} = await collector()
    const sent = async (env: Record<string, string>) => {
      const before = proxy.requests.length
      const {code, stderr} = await there.mfa(['verify', ...GROUP], {env})
      expect(code, stderr).toBe(2)
      const requests = proxy.requests.slice(before)
      const inside = requests.flatMap(({body}) => (body as {requests?: {headers?: object}[]})?.requests ?? [])
      return [...requests, ...inside].map(({headers}) =>
        Object.keys(headers ?? {})
          .map((name) => name.toLowerCase())
          .toSorted(),
      )
    }
    const without = await sent({})
    const traced = await sent({OTEL_EXPORTER_OTLP_ENDPOINT: url})
    expect(spans().length).toBeGreaterThan(without.length)
    expect(traced.flat()).toContain('client-request-id')
    expect(traced.flat()).not.toContain('traceparent')
    expect(new Set(traced.map(String))).toEqual(new Set(without.map(String)))
  })

  it('tell how often a request was sent, and how long throttling held it', async () => {
    const tenant = await startTenant({faults: {throttle: 0.2, retryAfter: 1, seed: 3}})
    cleanups.push(() => tenant.stop())
    const there = await place(tenant.env)
    const {url, spans} = await collector()
    const result = await there.mfa(['verify', ...GROUP], {env: {OTEL_EXPORTER_OTLP_ENDPOINT: url}})
    expect(result.code, result.stderr).toBe(2)
    const requests = spans()
      .filter(({kind}) => kind === 3)
      .map(({attributes}) => facts(attributes))
    const held = requests.filter((one) => Number(one['mfa.graph.throttled_ms']) > 0)
    expect(held.length).toBeGreaterThan(0)
    for (const one of held) {
      expect(one).toMatchObject({
        'http.response.status_code': 200,
        'mfa.graph.waited_ms': one['mfa.graph.throttled_ms'],
      })
      const repeats = Number(one['mfa.graph.attempts']) - 1
      expect(repeats).toBeGreaterThan(0)
      expect(one['mfa.graph.throttled_ms']).toBeGreaterThanOrEqual(1000 * repeats)
    }
    const sent = requests.reduce((sum, one) => sum + Number(one['mfa.graph.attempts']), 0)
    // A batch that is refused as a whole makes each of its requests wait.
    expect(sent - requests.length).toBeGreaterThanOrEqual(tenant.sandbox.stats().throttled)
  })
})
