import type {CloudName} from '../model/cloud.js'
import type {PilotUser} from './pilot-checks.js'
import type {AttestedStep} from './steps.js'

/** Something that was looked up, or why it could not be. */
export type Fact<T> =
  | {readonly known: true; readonly value: T}
  | {readonly known: false; readonly why: string; readonly fix?: string | undefined}

export const known = <T>(value: T): Fact<T> => ({known: true, value})

/** Users of one group as the last migration of it left them. */
export interface GroupFact {
  readonly id: string
  readonly displayName: string
  readonly users: number
  readonly migrated: number
  readonly partly: number
  readonly failed: number
  readonly unmatched: number
  readonly disabled: number
  /** Migrated, and put back as they were since. */
  readonly putBack: number
  /** Their records on the server have nothing for Entra. */
  readonly nothingToCarry: number
  readonly smsOrVoiceOnly: number
  readonly run: string
  readonly finished: boolean
  readonly at: string
}

export interface WavesFact {
  readonly source: string
  readonly waves: number
  readonly placed: number
  /** People of the source who are not placed yet. */
  readonly left: number
}

export interface BackupFact {
  readonly name: string
  readonly madeAt: string
  readonly verifiedAt?: string | undefined
}

export interface Attestation {
  readonly at: string
  /** User and machine. */
  readonly by: string
  readonly note?: string | undefined
}

/** Everything that the status is derived from; nothing else is looked at. */
export interface StatusFacts {
  readonly now: Date
  readonly tenantId: string | undefined
  readonly cloud: CloudName
  /** How commands would sign in. */
  readonly signIn: {readonly kind: string; readonly account?: string | undefined}
  /** Of the certificate that signs in. */
  readonly certificate?: {readonly thumbprintSha256: string; readonly notAfter: string} | undefined
  /** The last `mfa app configure` that went through. */
  readonly configuredAt?: string | undefined
  /** Dependencies C1–C6: those that stand open. */
  readonly dependencies: Fact<{readonly file: string; readonly at: string; readonly open: readonly string[]}>
  /** The newest good backup; undefined where the folder holds none. */
  readonly backup: Fact<BackupFact | undefined>
  readonly groups: readonly GroupFact[]
  readonly lastSync?: {readonly at: string; readonly status: string} | undefined
  readonly pilots: readonly PilotUser[]
  readonly rollout: Fact<
    | {
        readonly isEnabled: boolean
        readonly groups: readonly string[]
        /** Set up by this tool and under the policy, as the state folder has them. */
        readonly waves: readonly WavesFact[]
      }
    | undefined
  >
  readonly federation: Fact<
    readonly {readonly domain: string; readonly federatedIdpMfaBehavior: string | null}[]
  >
  readonly rolledBackAt?: string | undefined
  /** ISO 8601 date on which SMS and voice end in this cloud. */
  readonly smsVoiceEnd?: string | undefined
  readonly attested: ReadonlyMap<AttestedStep, Attestation>
}
