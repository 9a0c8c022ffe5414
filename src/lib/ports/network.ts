/** Where to connect to. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export type NameAnswer =
  | {readonly kind: 'found'; readonly addresses: readonly string[]}
  | {readonly kind: 'unknown'; readonly why: string}

export type TcpAnswer =
  | {readonly kind: 'open'; readonly ms: number}
  /** A machine is there, and nothing listens. */
  | {readonly kind: 'refused'}
  /** No answer in time: off, or a firewall. */
  | {readonly kind: 'silent'}
  | {readonly kind: 'failed'; readonly why: string}

export type TlsAnswer =
  | {
      readonly kind: 'answered'
      /** DNS names and addresses in the certificate. */
      readonly names: readonly string[]
      readonly fitsName: boolean
      readonly issuer: string
      readonly validFrom: Date
      readonly validTo: Date
      /** Undefined where the chain leads to a CA that is trusted here. */
      readonly untrusted?: string | undefined
    }
  | {readonly kind: 'failed'; readonly why: string}

export interface WebRequest {
  readonly endpoint: Endpoint
  /** Name for TLS and the Host header. */
  readonly name: string
  readonly path: string
  /** `name=value`, sent together. */
  readonly cookies: readonly string[]
}

export type WebAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>
      /** Its beginning. */
      readonly body: string
      /** `name=value` of every Set-Cookie. */
      readonly cookies: readonly string[]
    }
  | {readonly kind: 'failed'; readonly why: string}

export type PatternAnswer =
  | {readonly kind: 'found'; readonly text: string}
  | {readonly kind: 'none'}
  /** It took too long, or is too large. */
  | {readonly kind: 'gave-up'}

export interface RadiusPatience {
  /** Between two transmissions, and after the last. */
  readonly intervalMs: number
  readonly transmissions: number
}

export type RadiusAnswer =
  | {readonly kind: 'answered'; readonly ms: number; readonly transmissions: number}
  /** A machine is there, and nothing listens. */
  | {readonly kind: 'refused'}
  /** Not "down": many servers do not answer Status-Server, and none answers where the secret is wrong. */
  | {readonly kind: 'silent'; readonly ms: number}
  | {readonly kind: 'wrong-secret'}
  | {readonly kind: 'failed'; readonly why: string}

export interface SdkTarget {
  readonly url: string
  /** The machine to ask, where it is not the one that `url` leads to. */
  readonly via?: Endpoint | undefined
}

export type SdkAnswer =
  | {
      readonly kind: 'answered'
      readonly greeting: string
      /** Undefined where the server does not say. */
      readonly reachesPrimary: boolean | undefined
    }
  /** It is there and did not let us in. */
  | {readonly kind: 'refused' | 'failed'; readonly why: string; readonly fix: string}

export type ReachAnswer =
  {readonly kind: 'answered'; readonly status: number} | {readonly kind: 'failed'; readonly why: string}

/**
 * Looks at what answers, and changes nothing: each call is one connection or a few datagrams, bounded in time, never
 * repeated by itself. A no is an answer; only an abort rejects, with the signal's reason.
 */
export interface Network {
  resolve(host: string): Promise<NameAnswer>
  tcp(endpoint: Endpoint): Promise<TcpAnswer>
  /** Whatever the certificate is worth, it is looked at. `name` is what it should be for. */
  tls(endpoint: Endpoint, name: string): Promise<TlsAnswer>
  /** GET on a connection of its own; certificates are not judged, redirects not followed. */
  get(request: WebRequest): Promise<WebAnswer>
  /** Where a pattern first matches in a page: its first group, or the whole match. Bounded in time, as everything here. */
  find(pattern: string, text: string): PatternAnswer
  /** Status-Server (RFC 5997). */
  radius(endpoint: Endpoint, patience: RadiusPatience): Promise<RadiusAnswer>
  sdk(target: SdkTarget): Promise<SdkAnswer>
  /** Any HTTP answer counts. */
  reach(url: string): Promise<ReachAnswer>
}
