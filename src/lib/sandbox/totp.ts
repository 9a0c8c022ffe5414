import {createHmac} from 'node:crypto'

import {OathSecret} from '../model/secret.js'
import type {HashFunction} from '../model/server-user.js'

export interface TotpParameters {
  /** Base32 */
  readonly secret: string
  /** Seconds */
  readonly interval: number
  readonly hash: HashFunction
}

/** The six digits of one time step, RFC 6238. */
export function totpAt(parameters: TotpParameters, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const algorithm = parameters.hash === 'hmacsha256' ? 'sha256' : 'sha1'
  const digest = createHmac(algorithm, new OathSecret(parameters.secret).bytes()).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 0x0f
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

/**
 * The time step that the code belongs to, one step to either side tolerated.
 * Undefined if it fits none, or only one that is not after `lastStep`: no code is accepted twice.
 */
export function matchingStep(
  parameters: TotpParameters,
  code: string,
  now: Date,
  lastStep: number,
): number | undefined {
  const current = Math.floor(now.getTime() / 1000 / parameters.interval)
  return [current, current - 1, current + 1].find(
    (step) => step > lastStep && totpAt(parameters, step) === code,
  )
}
