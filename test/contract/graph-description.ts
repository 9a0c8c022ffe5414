import {readFileSync} from 'node:fs'
import path from 'node:path'

import {Ajv2020} from 'ajv/dist/2020.js'
import type {ErrorObject, ValidateFunction} from 'ajv'
import addFormats from 'ajv-formats'

export type Version = 'v1.0' | 'beta'

export interface CheckedRequest {
  readonly version: Version
  readonly method: string
  /** Below the version, as sent; may carry the query. */
  readonly path: string
  readonly query?: URLSearchParams | Readonly<Record<string, string>> | string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The JSON value. */
  readonly body?: unknown
}

export interface CheckedResponse {
  readonly version: Version
  readonly method: string
  readonly path: string
  readonly status: number
  /** JSON value, or text where the description says text/plain. */
  readonly body?: unknown
  /** The body of the request: needed to look into the items of a batch. */
  readonly requestBody?: unknown
}

/** Microsoft's own description of Graph, cut to what this tool uses. An empty list means: allowed. */
export interface GraphDescription {
  checkRequest(request: CheckedRequest): string[]
  checkResponse(response: CheckedResponse): string[]
  /** `GET /users/{user-id}` for every operation of a version. */
  operations(version: Version): string[]
  /** The operation that a path belongs to, as `operations` writes it. */
  operationOf(version: Version, method: string, path: string): string | undefined
}

/** Where the description is; without it the checks are skipped, except in CI. */
const FOLDER = process.env['MFA_GRAPH_DESCRIPTION']

export const SKIP_REASON =
  '(skipped: MFA_GRAPH_DESCRIPTION does not name a folder with the description of Graph)'

let loaded: GraphDescription | undefined

/** Undefined where the variable is not set. Throws in CI, where it has to be. */
export function graphDescription(): GraphDescription | undefined {
  if (FOLDER === undefined || FOLDER === '') {
    if (process.env['CI'])
      throw new Error('MFA_GRAPH_DESCRIPTION must name the folder with the description of Graph')
    return undefined
  }
  loaded ??= load(FOLDER)
  return loaded
}

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly template: string
  readonly pointer: string
  readonly parameters: readonly Json[]
  readonly pathParameters: readonly Json[]
  readonly node: Json
}

interface Found {
  readonly operation: Operation
  readonly values: Readonly<Record<string, string>>
}

function load(folder: string): GraphDescription {
  const documents = {
    'v1.0': describe('v1.0', readFileSync(path.join(folder, 'openapi-v1.0-subset.json'), 'utf8')),
    beta: describe('beta', readFileSync(path.join(folder, 'openapi-beta-subset.json'), 'utf8')),
  }
  const self: GraphDescription = {
    operations: (version) => documents[version].operations,
    operationOf: (version, method, url) => {
      const found = documents[version].find(method, split(url).pathname)
      return typeof found === 'string' ? undefined : `${method} ${found.operation.template}`
    },
    checkRequest: (request) => {
      const document = documents[request.version]
      const faults = document.checkRequest(request)
      if (split(request.path).pathname !== '/$batch' || faults.length > 0) return faults
      return batchItems(request.body).flatMap((item) =>
        prefix(item.id, [
          ...(item.body !== undefined && !hasJsonType(item.headers) ? ['a body without Content-Type'] : []),
          ...self.checkRequest({
            version: request.version,
            method: item.method.toUpperCase(),
            path: item.url,
            headers: item.headers,
            body: item.body,
          }),
        ]),
      )
    },
    checkResponse: (response) => {
      const faults = documents[response.version].checkResponse(response)
      if (split(response.path).pathname !== '/$batch' || faults.length > 0 || response.status !== 200)
        return faults
      const asked = new Map(batchItems(response.requestBody).map((item) => [item.id, item]))
      const answered = (response.body as {responses: readonly BatchResponse[]}).responses
      return answered.flatMap((answer) => {
        const item = asked.get(answer.id)
        if (item === undefined) return [`batch answer ${answer.id}: nobody asked`]
        return prefix(
          answer.id,
          self.checkResponse({
            version: response.version,
            method: item.method.toUpperCase(),
            path: item.url,
            status: answer.status,
            body: answer.body,
          }),
        )
      })
    },
  }
  return self
}

interface BatchItem {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

interface BatchResponse {
  readonly id: string
  readonly status: number
  readonly body?: unknown
}

function batchItems(body: unknown): readonly BatchItem[] {
  const requests = (body as {requests?: readonly BatchItem[]} | undefined)?.requests ?? []
  return requests.map((item) => ({...item, url: item.url.startsWith('/') ? item.url : `/${item.url}`}))
}

function hasJsonType(headers: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(headers ?? {}).some(
    ([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith('application/json'),
  )
}

function prefix(id: string, faults: readonly string[]): string[] {
  return faults.map((fault) => `batch item ${id}: ${fault}`)
}

/** One version of the description. */
function describe(version: Version, text: string) {
  const document = JSON.parse(text) as Json
  const ajv = new Ajv2020({strict: false, allErrors: true, validateFormats: true})
  addFormats.default(ajv)
  for (const name of ['int32', 'int64', 'float', 'double']) ajv.addFormat(name, true)
  ajv.addSchema(document, version)
  const compiled = new Map<string, ValidateFunction>()
  const validate = (pointer: string, value: unknown): string[] => {
    const check =
      compiled.get(pointer) ??
      ajv.compile({$ref: `${version}#${pointer.split('/').map(encodeURIComponent).join('/')}`})
    compiled.set(pointer, check)
    return check(value) ? [] : (check.errors ?? []).map(errorText)
  }
  const resolve = (node: unknown): Json => {
    const reference = (node as Json | undefined)?.['$ref']
    return typeof reference === 'string' ? at(document, reference.slice(1)) : ((node ?? {}) as Json)
  }
  const paths = document['paths'] as Readonly<Record<string, Json>>
  const operations = Object.entries(paths).flatMap(([template, node]) =>
    Object.keys(node)
      .filter((key) => key !== 'parameters')
      .map((method): [string, Operation] => [
        `${method.toUpperCase()} ${template}`,
        {
          template,
          pointer: `/paths/${escape(template)}/${method}`,
          parameters: (((node[method] as Json)['parameters'] ?? []) as unknown[]).map(resolve),
          pathParameters: ((node['parameters'] ?? []) as unknown[]).map(resolve),
          node: node[method] as Json,
        },
      ]),
  )
  const byName = new Map(operations)
  const patterns = Object.keys(paths)
    .map((template) => ({template, ...toPattern(template)}))
    .sort((a, b) => a.names.length - b.names.length)

  /** The operation, or why there is none. */
  const find = (method: string, pathname: string): Found | string => {
    const first = patterns.find(({pattern}) => pattern.test(pathname))
    if (first === undefined) return `${version} has no path ${pathname}`
    const operation = byName.get(`${method.toUpperCase()} ${first.template}`)
    if (operation === undefined) return `${version} has no ${method} ${first.template}`
    const values = first.pattern.exec(pathname)?.slice(1) ?? []
    return {
      operation,
      values: Object.fromEntries(
        first.names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]),
      ),
    }
  }

  const checkValue = (where: string, schema: unknown, text: string): string[] => {
    const node = resolve(schema)
    const value = node['type'] === 'array' ? text.split(',') : toValue(node['type'], text)
    return ajv.validate(node, value) ? [] : (ajv.errors ?? []).map((error) => `${where}: ${errorText(error)}`)
  }

  return {
    operations: [...byName.keys()],
    find,
    checkRequest: (request: CheckedRequest): string[] => {
      const {pathname, query} = split(request.path, request.query)
      const found = find(request.method, pathname)
      if (typeof found === 'string') return [found]
      const {operation, values} = found
      const known = new Map(
        operation.parameters
          .filter((each) => each['in'] === 'query')
          .map((each) => [String(each['name']), each]),
      )
      // A page token is part of a link that the service made.
      const faults = [...query].flatMap(([name, value]) => {
        const parameter = known.get(name)
        if (parameter !== undefined) return checkValue(name, parameter['schema'], value)
        return name === '$skiptoken' && known.has('$top')
          ? []
          : [`${operation.template}: unknown query option ${name}`]
      })
      for (const parameter of operation.pathParameters) {
        faults.push(
          ...checkValue(
            String(parameter['name']),
            parameter['schema'],
            values[String(parameter['name'])] ?? '',
          ),
        )
      }
      for (const [name, value] of Object.entries(request.headers ?? {})) {
        const parameter = operation.parameters.find(
          (each) => each['in'] === 'header' && String(each['name']).toLowerCase() === name.toLowerCase(),
        )
        if (parameter !== undefined) faults.push(...checkValue(name, parameter['schema'], value))
        else if (name.toLowerCase() === 'consistencylevel')
          faults.push(`${operation.template}: ConsistencyLevel is not known here`)
      }
      const wanted = operation.node['requestBody'] as Json | undefined
      if (wanted === undefined)
        return request.body === undefined ? faults : [...faults, `${operation.template}: takes no body`]
      if (request.body === undefined) return [...faults, `${operation.template}: a body is required`]
      return [
        ...faults,
        ...validate(`${operation.pointer}/requestBody/content/application~1json/schema`, request.body),
      ]
    },
    checkResponse: (response: CheckedResponse): string[] => {
      const found = find(response.method, split(response.path).pathname)
      if (typeof found === 'string') {
        // A request that is not described may only be refused, in Graph's words.
        return response.status >= 400 ? validate('/components/schemas/odata.error', response.body) : [found]
      }
      const {operation} = found
      const responses = operation.node['responses'] as Json
      const status = String(response.status)
      if (!(status in responses)) {
        if (response.status < 400) return [`${operation.template}: status ${status} is not described`]
        return validate('/components/schemas/odata.error', response.body)
      }
      const content = resolve(responses[status])['content'] as Json | undefined
      if (content === undefined) {
        return isEmptyBody(response.body) ? [] : [`${operation.template}: ${status} has no body`]
      }
      const type = Object.keys(content)[0] ?? ''
      const pointer = `${operation.pointer}/responses/${status}/content/${escape(type)}/schema`
      const schema = resolve(at(document, pointer))
      return [...validate(pointer, response.body), ...checkProperties(schema, response.body)]
    },
  }

  /** Responses are open in the description; here a property that no type knows is a fault. */
  function checkProperties(schema: Json, value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return []
    const properties = schema['properties'] as Json | undefined
    if (properties === undefined) return []
    const items = (properties['value'] as Json | undefined)?.['items']
    const list = (value as Json)['value']
    if (items !== undefined && Array.isArray(list)) {
      return list.flatMap((item: unknown) => checkEntity(resolve(items), item))
    }
    return checkEntity(schema, value)
  }

  function checkEntity(schema: Json, value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return []
    const named = (value as Json)['@odata.type']
    const schemas = (document['components'] as Json)['schemas'] as Readonly<Record<string, Json>>
    const name = typeof named === 'string' ? named.replace(/^#/, '') : undefined
    const type = name === undefined ? schema : schemas[name]
    if (type === undefined) return [`${version} has no type ${String(named)}`]
    const derived = name === undefined ? [] : validate(`/components/schemas/${escape(name)}`, value)
    const properties = type['properties'] as Json | undefined
    const unknown = Object.keys(value).filter(
      (key) => !key.includes('@') && properties !== undefined && !Object.hasOwn(properties, key),
    )
    return [...derived, ...unknown.map((key) => `${name ?? 'the type'} has no property ${key}`)]
  }
}

function isEmptyBody(body: unknown): boolean {
  return body === undefined || body === null || body === ''
}

function toValue(type: unknown, text: string): unknown {
  if (type === 'integer' && /^-?[0-9]+$/.test(text)) return Number(text)
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  return text
}

function split(url: string, query?: CheckedRequest['query']): {pathname: string; query: URLSearchParams} {
  const cut = url.indexOf('?')
  const pathname = cut < 0 ? url : url.slice(0, cut)
  const inline = cut < 0 ? '' : url.slice(cut + 1)
  const given = query instanceof URLSearchParams || typeof query !== 'object' ? query : {...query}
  return {
    pathname,
    query: new URLSearchParams([...new URLSearchParams(inline), ...new URLSearchParams(given)]),
  }
}

function toPattern(template: string): {pattern: RegExp; names: string[]} {
  const names = [...template.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? '')
  const source = template
    .replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/'\{[^}]+\}'/g, "'([^/']+)'")
    .replaceAll(/\{[^}]+\}/g, '([^/$][^/]*)')
  return {pattern: new RegExp(`^${source}$`), names}
}

function at(document: Json, pointer: string): Json {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  let node: unknown = document
  for (const part of parts) node = (node as Json)[part]
  return node as Json
}

function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}

function errorText(error: ErrorObject): string {
  const extra = error.params['additionalProperty'] as string | undefined
  return `${error.instancePath === '' ? 'body' : error.instancePath} ${error.message ?? 'is wrong'}${extra === undefined ? '' : ` (${extra})`}`
}
