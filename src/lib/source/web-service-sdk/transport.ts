import * as http from 'node:http'
import * as https from 'node:https'
import {isIP} from 'node:net'
import type {SecureContext} from 'node:tls'
import type {Secret} from '../../model/secret.js'
import {
  CallFailure,
  connectionFailure,
  cutFailure,
  malformedFailure,
  statusFailure,
  timeoutFailure,
  webPageFailure,
} from './call-failure.js'
import type {Turns} from './turns.js'

export interface TransportOptions {
  readonly url: URL
  readonly context: SecureContext | undefined
  /** Signs in with a client certificate. */
  readonly withCertificate: boolean
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  readonly timeoutMs: number
  readonly sockets: number
  /** Every request waits for its turn. */
  readonly turns?: Turns | undefined
  /** Connects here instead; the name in TLS and in the request is still that of `url`. */
  readonly via?: {readonly host: string; readonly port: number} | undefined
}

export interface Exchange {
  readonly operation: string
  /** Absent: GET of the description. */
  readonly post?: {readonly body: string; readonly soapAction: string}
  /** The text as it comes, instead of in one piece at the end; the time-out then counts from the last piece. */
  readonly onText?: (text: string) => void
}

export interface Reply {
  /** Empty where `onText` took it. */
  readonly text: string
  /** 500 is here only with XML: a SOAP fault. */
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
}

/** One request, one answer: no repetition, no redirect, no proxy; credentials go to the one host and nowhere else. */
export class Transport {
  readonly #options: TransportOptions
  readonly #agent: http.Agent

  constructor(options: TransportOptions) {
    this.#options = options
    const pool = {keepAlive: true, maxSockets: options.sockets}
    this.#agent =
      options.url.protocol === 'https:'
        ? new https.Agent({...pool, ...(options.context && {secureContext: options.context})})
        : new http.Agent(pool)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Throws CallFailure, or the signal's reason. */
  async exchange(exchange: Exchange, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted()
    const {url, via, timeoutMs} = this.#options
    await this.#options.turns?.wait(signal)
    const stop = new AbortController()
    let late = false
    const arm = (): NodeJS.Timeout =>
      setTimeout(() => {
        late = true
        stop.abort()
      }, timeoutMs)
    let timer = arm()
    try {
      return await this.#send(exchange, AbortSignal.any([signal, stop.signal]), () => {
        if (exchange.onText === undefined) return
        clearTimeout(timer)
        timer = arm()
      })
    } catch (error) {
      signal.throwIfAborted()
      if (late) throw timeoutFailure(exchange.operation, timeoutMs)
      if (error instanceof CallFailure) throw error
      throw connectionFailure(exchange.operation, via?.host ?? url.host, this.#options.withCertificate, error)
    } finally {
      clearTimeout(timer)
    }
  }

  #send(exchange: Exchange, signal: AbortSignal, alive: () => void): Promise<Reply> {
    const {url} = this.#options
    const {operation, post, onText} = exchange
    const target = new URL(url)
    if (post === undefined) target.search = '?wsdl'
    const client = target.protocol === 'https:' ? https : http
    const {promise, resolve, reject} = Promise.withResolvers<Reply>()
    const request = client.request(target, {
      agent: this.#agent,
      method: post ? 'POST' : 'GET',
      headers: this.#headers(post),
      signal,
      ...this.#elsewhere(),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      const type = response.headers['content-type'] ?? ''
      const fault = refusedStatus(operation, response)
      if (fault !== undefined) {
        response.resume()
        reject(fault)
        return
      }
      const pieces: string[] = []
      const decoder = decoderFor(type)
      const live = status === 200 && onText !== undefined
      const take = (text: string): void => {
        if (live) onText(text)
        else pieces.push(text)
      }
      response.on('data', (chunk: Buffer) => {
        alive()
        try {
          take(decoder.decode(chunk, {stream: true}))
        } catch (error) {
          reject(error instanceof CallFailure ? error : malformedFailure(operation, 'it is not valid text'))
          response.destroy()
        }
      })
      response.on('error', () => reject(cutFailure(operation)))
      response.on('end', () => {
        if (!response.complete) return reject(cutFailure(operation))
        try {
          take(decoder.decode())
        } catch (error) {
          return reject(error instanceof CallFailure ? error : cutFailure(operation))
        }
        const text = pieces.join('')
        if (isWebPage(type, text))
          return reject(status >= 500 ? statusFailure(operation, status, '', '') : webPageFailure(operation))
        resolve({text, status, headers: response.headers})
      })
    })
    request.end(post?.body)
    return promise
  }

  #elsewhere(): https.RequestOptions {
    const {url, via} = this.#options
    if (via === undefined) return {}
    const {host, port} = via
    return {hostname: host, port, ...(isIP(url.hostname) === 0 && {servername: url.hostname})}
  }

  #headers(post: Exchange['post']): http.OutgoingHttpHeaders {
    const {username, password, url, via} = this.#options
    return {
      ...(via !== undefined && {host: url.host}),
      ...(username !== undefined && {
        authorization: `Basic ${Buffer.from(`${username}:${password?.reveal() ?? ''}`, 'utf8').toString('base64')}`,
      }),
      ...(post && {
        'content-type': 'text/xml; charset=utf-8',
        'content-length': Buffer.byteLength(post.body),
        soapaction: `"${post.soapAction}"`,
      }),
    }
  }
}

function refusedStatus(operation: string, response: http.IncomingMessage): CallFailure | undefined {
  const {statusCode = 0, headers} = response
  if (statusCode === 200 || statusCode === 500) return undefined
  return statusFailure(operation, statusCode, headers['www-authenticate'] ?? '', headers.location ?? '')
}

function decoderFor(contentType: string): InstanceType<typeof TextDecoder> {
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset, {fatal: true})
  } catch {
    return new TextDecoder('utf-8', {fatal: true})
  }
}

function isWebPage(contentType: string, text: string): boolean {
  return /^\s*text\/html/i.test(contentType) || /^\s*<(!doctype\s+html|html)[\s>]/i.test(text)
}
