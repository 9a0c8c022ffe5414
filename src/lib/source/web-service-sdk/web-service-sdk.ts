import {MfaError} from '../../errors/mfa-error.js'
import type {Secret} from '../../model/secret.js'
import type {Clock} from '../../ports/clock.js'
import type {Scratch} from '../../ports/scratch.js'
import type {Source} from '../../ports/source.js'
import {parseAddress} from './address.js'
import {secureContext} from './tls-context.js'
import {Transport} from './transport.js'
import {Turns} from './turns.js'
import {WebServiceSdkSource} from './web-service-sdk-source.js'

export interface WebServiceSdkOptions {
  /** Basic authentication; needs `password`. */
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  /** Client certificate: PEM with the key in it, or PFX. */
  readonly certificate?: {readonly file: string; readonly password?: Secret | undefined} | undefined
  /** PEM; trusted in addition to what the system trusts. */
  readonly caFile?: string | undefined
  /** Reads at a time; default 8. */
  readonly concurrency?: number | undefined
  /** For one answer, or between two pieces of a long one; default 60,000. */
  readonly timeoutMs?: number | undefined
  /** Repetitions of a read that fails in passing; default 4. */
  readonly retries?: number | undefined
  /** Rows that the first search asks for; default 1,000. */
  readonly resultLimit?: number | undefined
  /** Requests a second at most; no limit unless set. */
  readonly ratePerSecond?: number | undefined
  readonly clock: Clock
  readonly scratch: Scratch
  readonly onProgress?: ((done: number, total?: number) => void) | undefined
}

/**
 * The live source: MFA Server's Web Service SDK over SOAP 1.1.
 *
 * `url` is the address of PfWsSdk.asmx, https, or http to this machine. No request is sent before the source is used.
 * Throws MfaError `usage` for an address, a file or credentials that cannot be used.
 */
export async function openWebServiceSdk(url: string, options: WebServiceSdkOptions): Promise<Source> {
  const address = parseAddress(url)
  const {username, password, certificate, caFile, concurrency = 8, timeoutMs = 60_000, retries = 4} = options
  if (username !== undefined && (password === undefined || password.isEmpty)) {
    throw new MfaError('SOURCE_PASSWORD', 'MFA_SOURCE_USERNAME is set, but MFA_SOURCE_PASSWORD is not', {
      exit: 'usage',
      fix: 'Set MFA_SOURCE_PASSWORD.',
    })
  }
  if (username?.includes(':')) {
    throw new MfaError(
      'SOURCE_USERNAME',
      'MFA_SOURCE_USERNAME has a colon in it, which Basic authentication cannot carry',
      {
        exit: 'usage',
        fix: 'Use the form DOMAIN\\name or name@domain.',
      },
    )
  }
  const context = address.url.protocol === 'https:' ? secureContext({certificate, caFile}) : undefined
  const transport = new Transport({
    url: address.url,
    context,
    withCertificate: certificate !== undefined,
    username,
    password,
    timeoutMs,
    sockets: concurrency,
    turns: options.ratePerSecond === undefined ? undefined : new Turns(options.clock, options.ratePerSecond),
  })
  return new WebServiceSdkSource({
    address,
    transport,
    concurrency,
    retries,
    resultLimit: options.resultLimit ?? 1000,
    clock: options.clock,
    scratch: options.scratch,
    onProgress: options.onProgress ?? (() => undefined),
  })
}
