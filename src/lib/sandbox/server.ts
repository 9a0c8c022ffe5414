import {createServer} from 'node:http'
import type {IncomingMessage, Server, ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'

import {MfaError} from '../errors/mfa-error.js'
import {advanceClock, tenantTime} from './clock-offset.js'
import {createAuthority} from './authority.js'
import {GLOBAL_ADMINISTRATOR} from './caller.js'
import {dumpStore} from './dump-tenant.js'
import type {DumpOptions} from './dump-tenant.js'
import {createEngine} from './engine.js'
import type {SeenOperation} from './engine.js'
import {createSlowness} from './faults.js'
import type {Faults} from './faults.js'
import {createGraphEndpoint} from './graph-endpoint.js'
import type {HttpAnswer} from './graph-endpoint.js'
import {ensureGraphPrincipal} from './resources/graph-principal.js'
import {createMoments} from './moments.js'
import {isEmpty, seedTenant} from './seed.js'
import {personClaims} from './person.js'
import {signInOf, type SignIn, type SignInOptions} from './sign-in.js'
import {createCounter} from './stats.js'
import type {Stats} from './stats.js'
import {openStore} from './store.js'
import type {TenantFile} from './tenant-file.js'
import {createTokens} from './tokens.js'

const MAX_BODY_BYTES = 4 * 1024 * 1024

export interface SandboxOptions {
  /** A path, or `:memory:` for a tenant that ends with the server. */
  readonly stateFile: string
  /** Seeds the state if it is empty; otherwise not looked at. */
  readonly tenant?: TenantFile | undefined
  /** 0 or left out: any free port. Always on 127.0.0.1. */
  readonly port?: number | undefined
  readonly faults?: Faults | undefined
  /**
   * The service's clock: tokens follow it; codes, createdDateTime, the Date header and delays too, as far ahead of it as
   * `advance` put them.
   */
  readonly now?: (() => Date) | undefined
  /** How often a device code is asked for before it is approved; 1 if left out. */
  readonly deviceCodePolls?: number | undefined
  /** Directory roles of the person who signs in; Global Administrator if left out. */
  readonly personRoles?: readonly string[] | undefined
  /** Directory roles of whoever opens the page for admin consent; those of the person who signs in if left out. */
  readonly consentRoles?: readonly string[] | undefined
  /** Hears of every Graph operation, each item of a batch too, before anything is answered. */
  readonly onOperation?: ((seen: SeenOperation) => void) | undefined
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`; `/v1.0/…` and `/beta/…` are appended. */
  readonly rootUrl: string
  /** `{tenant}/oauth2/v2.0/token` and the rest are below it. */
  readonly authorityUrl: string
  readonly tenantId: string
  /** A bearer token, app-only, good for an hour; with every role if none are given. */
  issueToken(roles?: readonly string[]): string
  /** A bearer token of the tenant's administrator, as if signed in through Microsoft's own public client. */
  issuePersonToken(): string
  stats(): Stats
  /** Puts the tenant's clock forward, by milliseconds. */
  advance(ms: number): void
  /** Who would ask this user for MFA, at the tenant's clock. */
  signIn(userPrincipalName: string, options?: SignInOptions): SignIn
  /** As dumpTenant, of the running state. */
  dump(options?: DumpOptions): TenantFile
  /** Open connections are closed. */
  stop(): Promise<void>
}

/**
 * Starts the embedded tenant.
 * Throws MfaError `data` if the state cannot be used, or is empty and there is no tenant to seed it with;
 * `usage` if the port is taken.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const now = options.now ?? (() => new Date())
  const store = openStore(options.stateFile)
  try {
    if (isEmpty(store)) {
      if (options.tenant === undefined) throw noTenant(options.stateFile)
      seedTenant(store, options.tenant, now())
    }
    ensureGraphPrincipal(store)
    const counter = createCounter()
    const tokens = createTokens(store, now)
    const faults = options.faults ?? {}
    let rootUrl = ''
    const root = (): string => rootUrl
    const tenantNow = tenantTime(store, now)
    const momentOf = createMoments()
    const personRoles = options.personRoles ?? [GLOBAL_ADMINISTRATOR]
    const shared = {store, root, personRoles}
    const engine = createEngine({
      ...shared,
      now: tenantNow,
      momentOf,
      faults,
      counter,
      onOperation: options.onOperation,
    })
    const graph = createGraphEndpoint(engine, tokens)
    const authority = createAuthority({
      ...shared,
      tokens,
      now,
      // Tokens keep to the real time, what happens to the tenant to its own.
      momentOf: (at) => momentOf(tenantTime(store, () => at)()),
      keep: faults.consistency ?? 0,
      devicePolls: options.deviceCodePolls ?? 1,
      consentRoles: options.consentRoles ?? personRoles,
    })
    const server = createServer((request, response) => {
      void serve(request, response, {
        now: tenantNow,
        delay: faults.delay ?? 0,
        slowness: createSlowness(faults),
        answer: (url, body) =>
          /^\/(v1\.0|beta)(\/|$)/.test(url) ? graph(request, url, body) : authority(request, url, body),
      })
    })
    rootUrl = await listen(server, options.port ?? 0)
    return {
      rootUrl,
      authorityUrl: rootUrl,
      tenantId: store.meta('tenantId') ?? '',
      issueToken: (roles) => tokens.issue(roles),
      issuePersonToken: () => tokens.issueWith(personClaims(store, personRoles)),
      stats: () => counter.read(),
      advance: (ms) => void advanceClock(store, ms),
      signIn: (name, signIn) => signInOf(store, name, tenantNow().getTime(), signIn),
      dump: (dumpOptions) => dumpStore(store, dumpOptions),
      stop: async () => {
        await close(server)
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}

/** Empties the state and seeds it anew, in one go. Tokens issued before stop being good. */
export function resetSandbox(stateFile: string, tenant: TenantFile, now = new Date()): void {
  const store = openStore(stateFile)
  try {
    store.transaction(() => {
      store.clear()
      seedTenant(store, tenant, now)
    })
  } finally {
    store.close()
  }
}

interface Serving {
  readonly now: () => Date
  readonly delay: number
  /** Milliseconds that the next answer is held back. */
  readonly slowness: () => number
  readonly answer: (url: string, body: string) => HttpAnswer | 'hung-up'
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  try {
    const body = await readText(request)
    if (serving.delay > 0) await sleep(serving.delay)
    const answer = serving.answer(request.url ?? '/', body)
    const held = serving.slowness()
    if (held > 0) await sleep(held)
    if (answer === 'hung-up') {
      request.socket.destroy()
      return
    }
    response.writeHead(answer.status, {Date: serving.now().toUTCString(), ...answer.headers})
    response.end(answer.text)
  } catch {
    // The caller went away, or sent more than anybody needs to.
    request.socket.destroy()
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new MfaError(
          'SANDBOX_PORT',
          `port ${port} on 127.0.0.1 cannot be used: ${cause.code ?? cause.message}`,
          {
            exit: 'usage',
            fix: 'choose another port, or leave it out for a free one',
            cause,
          },
        ),
      )
    })
    server.listen(port, '127.0.0.1', () => {
      resolve()
    })
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}

function noTenant(stateFile: string): MfaError {
  return new MfaError('SANDBOX_STATE', `the sandbox state ${stateFile} is empty`, {
    exit: 'data',
    fix: 'run `mfa sandbox reset` to fill it with a tenant',
  })
}
