import type {OathSecret} from '../model/secret.js'
import type {HashFunction} from '../model/server-user.js'

export interface TotpParameters {
  readonly secret: OathSecret
  readonly timeIntervalInSeconds: 30 | 60
  readonly hashFunction: HashFunction
}

/** Computes the 6-digit code of a time step (RFC 6238). The key is revealed inside, for as long as that takes. */
export type CodeOf = (token: TotpParameters, step: number) => string

/** Loads the generator when the first code is wanted. */
export async function loadTotp(): Promise<CodeOf> {
  const {createGuardrails, generateSync} = await import('otplib')
  // Keys come as they are: MFA Server's app keys are shorter than what the library asks of new ones, O5 allows 80 bytes.
  const guardrails = createGuardrails({MIN_SECRET_BYTES: 1, MAX_SECRET_BYTES: 128})
  return ({secret, timeIntervalInSeconds, hashFunction}, step) =>
    generateSync({
      secret: secret.bytes(),
      algorithm: hashFunction === 'hmacsha256' ? 'sha256' : 'sha1',
      digits: 6,
      period: timeIntervalInSeconds,
      epoch: step * timeIntervalInSeconds,
      guardrails,
    })
}
