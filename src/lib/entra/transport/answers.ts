import type {HttpAnswer} from './http.js'
import type {NetworkFault} from './network-fault.js'

/** One answered request, on its own or out of a batch. Header names in lower case. */
export interface ServiceAnswer {
  readonly fault?: undefined
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export type Reply = ServiceAnswer | NetworkFault

/** Parses an HTTP answer. A success that is not JSON is a fault: a proxy's page, or an answer cut off. */
export function parseAnswer(answer: HttpAnswer, host: string): Reply {
  const {status, headers} = answer
  if (status >= 300 && status < 400) {
    return intercepted(`${host} redirected to another address; redirects are not followed`)
  }
  const body = parseJson(answer.text)
  if (body.ok) return {status, headers, body: body.value}
  const isJson = /\bjson\b/i.test(headers['content-type'] ?? '')
  if (isJson && status < 400) return cutOff(host)
  if (status < 400) {
    return intercepted(
      `${host} answered with ${kindOfText(answer)} instead of JSON: a proxy or a sign-in page stands in between`,
    )
  }
  return {status, headers, body: undefined}
}

/** One item of a batch answer; undefined if it has no status. Text bodies that hold JSON are read too. */
export function parseItem(item: unknown): ServiceAnswer | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const {status, headers, body} = item as {status?: unknown; headers?: unknown; body?: unknown}
  const code = Number(status)
  if (!Number.isInteger(code) || code < 100) return undefined
  const lower: Record<string, string> = {}
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, unknown>)) {
    lower[name.toLowerCase()] = String(value)
  }
  if (typeof body !== 'string') return {status: code, headers: lower, body: body ?? undefined}
  const parsed = parseJson(body)
  return {status: code, headers: lower, body: parsed.ok ? parsed.value : undefined}
}

export function cutOff(host: string): NetworkFault {
  return {
    fault: true,
    sent: true,
    lasting: false,
    code: 'ANSWER_CUT_OFF',
    message: `the answer of ${host} was cut off`,
  }
}

function intercepted(message: string): NetworkFault {
  return {
    fault: true,
    sent: true,
    lasting: true,
    code: 'ANSWER_NOT_JSON',
    message,
    fix: 'Open the address in a browser on this machine to see what answers; then check HTTPS_PROXY, NO_PROXY and MFA_GRAPH_URL.',
  }
}

function kindOfText(answer: HttpAnswer): string {
  return /html/i.test(answer.headers['content-type'] ?? '') || /^\s*</.test(answer.text)
    ? 'an HTML page'
    : 'text'
}

function parseJson(value: string): {readonly ok: true; readonly value: unknown} | {readonly ok: false} {
  if (value.trim() === '') return {ok: true, value: undefined}
  try {
    return {ok: true, value: JSON.parse(value) as unknown}
  } catch {
    return {ok: false}
  }
}
