import * as https from 'node:https'
import {connect as connectTcp, isIP} from 'node:net'
import {checkServerIdentity, connect as connectTls, type SecureContext} from 'node:tls'

import {errorCode} from '../errors/error-code.js'
import type {Endpoint, TcpAnswer, TlsAnswer, WebAnswer, WebRequest} from '../ports/network.js'
import {bounded, type Limits, until, words} from './limits.js'

/** Beginning of a page that is looked at. */
const BODY_BYTES = 64 * 1024

export function tryTcp({host, port}: Endpoint, limits: Limits): Promise<TcpAnswer> {
  const start = performance.now()
  const attempt = (signal: AbortSignal) =>
    until<TcpAnswer>(signal, (resolve) =>
      connectTcp({host, port})
        .once('connect', () => resolve({kind: 'open', ms: performance.now() - start}))
        .once('error', (error) => resolve(tcpError(error))),
    )
  return bounded<TcpAnswer>(limits, attempt, {kind: 'silent'})
}

function tcpError(error: Error): TcpAnswer {
  const code = errorCode(error)
  if (code === 'ECONNREFUSED') return {kind: 'refused'}
  return code === 'ETIMEDOUT' ? {kind: 'silent'} : {kind: 'failed', why: words(error)}
}

export function lookAtTls(
  {host, port}: Endpoint,
  name: string,
  context: SecureContext,
  limits: Limits,
): Promise<TlsAnswer> {
  const attempt = (signal: AbortSignal) =>
    until<TlsAnswer>(signal, (resolve) => {
      const socket = connectTls({
        host,
        port,
        secureContext: context,
        // It is judged below, and nothing is sent over this connection.
        rejectUnauthorized: false,
        ...(isIP(name) === 0 && {servername: name}),
      })
      socket.once('error', (error) => resolve({kind: 'failed', why: words(error)}))
      socket.once('secureConnect', () => {
        const certificate = socket.getPeerCertificate()
        if (Object.keys(certificate).length === 0)
          return resolve({kind: 'failed', why: 'the server shows no certificate'})
        const {subjectaltname = '', valid_from, valid_to, issuer} = certificate
        const reason = socket.authorizationError as Error | string | undefined | null
        resolve({
          kind: 'answered',
          names: subjectaltname.split(', ').flatMap((entry) => entry.split(':').slice(1).join(':') || []),
          fitsName: checkServerIdentity(name, certificate) === undefined,
          issuer: [issuer?.CN ?? issuer?.O ?? 'unknown'].flat().join(' '),
          validFrom: new Date(valid_from),
          validTo: new Date(valid_to),
          untrusted: socket.authorized ? undefined : untrusted(reason),
        })
      })
      return socket
    })
  return bounded<TlsAnswer>(limits, attempt, {kind: 'failed', why: 'no answer in time'})
}

/** Dates and names have their own place in the answer. */
function untrusted(reason: Error | string | undefined | null): string | undefined {
  const code = typeof reason === 'string' ? reason : (errorCode(reason) ?? reason?.message ?? 'not trusted')
  return /EXPIRED|NOT_YET_VALID|ALTNAME/.test(code) ? undefined : code
}

export function getOnce(
  {endpoint, name, path, cookies}: WebRequest,
  context: SecureContext,
  limits: Limits,
): Promise<WebAnswer> {
  const attempt = (signal: AbortSignal) =>
    until<WebAnswer>(signal, (resolve) => {
      const request = https.request({
        host: endpoint.host,
        port: endpoint.port,
        path,
        // One connection a request: a load balancer chooses for each connection.
        agent: new https.Agent({secureContext: context, keepAlive: false}),
        // Certificates are judged elsewhere; here it is only seen who answers. No secret is sent.
        rejectUnauthorized: false,
        ...(isIP(name) === 0 && {servername: name}),
        headers: {
          host: endpoint.port === 443 ? name : `${name}:${endpoint.port}`,
          connection: 'close',
          'user-agent': 'mfa-ha-probe',
          ...(cookies.length > 0 && {cookie: cookies.join('; ')}),
        },
      })
      request.on('error', (error) => resolve({kind: 'failed', why: words(error)}))
      request.on('response', (response) => {
        const pieces: Buffer[] = []
        let size = 0
        const done = () =>
          resolve({
            kind: 'answered',
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([key, value]) => [key, [value ?? ''].flat().join(', ')]),
            ),
            body: Buffer.concat(pieces).toString('utf8').slice(0, BODY_BYTES),
            cookies: (response.headers['set-cookie'] ?? []).map(
              (cookie) => cookie.split(';')[0]?.trim() ?? '',
            ),
          })
        response.on('data', (piece: Buffer) => {
          pieces.push(piece)
          size += piece.length
          if (size >= BODY_BYTES) done()
        })
        response.on('end', done)
        response.on('error', (error) => resolve({kind: 'failed', why: words(error)}))
      })
      request.end()
      return request
    })
  return bounded<WebAnswer>(limits, attempt, {kind: 'failed', why: 'no answer in time'})
}
