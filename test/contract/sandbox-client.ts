import {expect} from 'vitest'

import {startSandbox} from '../../src/lib/sandbox/server.js'
import type {Sandbox, SandboxOptions} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {graphDescription} from './graph-description.js'
import type {Version} from './graph-description.js'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // What came, as parsed JSON; tests look into it freely.
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
}

export interface AskOptions {
  readonly version?: Version
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
  /** The request breaks the description on purpose; only the answer is checked against it. */
  readonly bad?: boolean
}

/** Sends requests to one sandbox and checks both directions against the description of Graph, where it is there. */
export interface Client {
  readonly sandbox: Sandbox
  /** `GET /users/{user-id}` of each version, as far as answered with 2xx and refused with 4xx. */
  readonly seen: {readonly good: ReadonlySet<string>; readonly bad: ReadonlySet<string>}
  ask(method: string, path: string, options?: AskOptions): Promise<Reply>
}

export async function openClient(options: Partial<SandboxOptions> & {tenant: TenantFile}): Promise<Client> {
  const sandbox = await startSandbox({stateFile: ':memory:', ...options})
  const good = new Set<string>()
  const bad = new Set<string>()
  return {
    sandbox,
    seen: {good, bad},
    ask: async (method, path, {version = 'v1.0', body, headers, token, bad: expectBad = false} = {}) => {
      const reply = await send(sandbox, method, path, {version, body, headers, token})
      const description = graphDescription()
      if (description !== undefined) {
        const faults = description.checkRequest({version, method, path, headers, body})
        if (expectBad) expect(faults, `${method} ${path} should break the description`).not.toEqual([])
        else expect(faults, `${method} ${path}`).toEqual([])
        const answer = reply.text === '' ? undefined : isText(reply) ? reply.text : reply.body
        expect(
          description.checkResponse({
            version,
            method,
            path,
            status: reply.status,
            body: answer,
            requestBody: body,
          }),
          `answer to ${method} ${path}: ${reply.text}`,
        ).toEqual([])
        const operation = description.operationOf(version, method, path)
        if (operation !== undefined) (reply.status < 400 ? good : bad).add(`${version} ${operation}`)
      }
      return reply
    },
  }
}

interface Sending {
  readonly version: Version
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly token: string | undefined
}

async function send(
  sandbox: Sandbox,
  method: string,
  path: string,
  {version, body, headers, token}: Sending,
): Promise<Reply> {
  const response = await fetch(`${sandbox.rootUrl}/${version}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token ?? sandbox.issueToken()}`,
      ...(body === undefined ? {} : {'Content-Type': 'application/json'}),
      ...headers,
    },
    ...(body === undefined ? {} : {body: JSON.stringify(body)}),
  })
  const text = await response.text()
  const reply = {status: response.status, headers: response.headers, text, body: {}}
  return text === '' || isText(reply) ? reply : {...reply, body: JSON.parse(text) as Reply['body']}
}

function isText({headers}: {readonly headers: Headers}): boolean {
  return headers.get('content-type')?.startsWith('text/plain') === true
}

/** `https://…/v1.0/users?$skiptoken=…` → `/users?$skiptoken=…` */
export function belowVersion(link: unknown, sandbox: Sandbox): string {
  expect(link).toMatch(new RegExp(`^${sandbox.rootUrl}/(v1\\.0|beta)/`))
  return String(link)
    .slice(sandbox.rootUrl.length)
    .replace(/^\/(v1\.0|beta)/, '')
}

export const EVENTUAL = {ConsistencyLevel: 'eventual'}
