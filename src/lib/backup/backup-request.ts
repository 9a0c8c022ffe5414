import type {CopyDeps} from './copy-settled.js'
import type {KeyDeps, SealRequest} from './keys.js'
import type {Role} from './manifest.js'
import type {Retention} from './retention.js'

export interface BackupRequest extends Retention {
  /** The data folder, with links resolved (`findData`). */
  readonly data: string
  /** The folder of backups. */
  readonly to: string
  /** The installer of the version in use. */
  readonly installer: string | undefined
  readonly server: string
  readonly role: Role
  readonly serverVersion: string | undefined
  readonly seal: SealRequest
  /** Passes over the folder at most. */
  readonly attempts: number
  /** Also where this is a subordinate. */
  readonly allowReplica: boolean
  readonly tool: string
}

export type BackupDeps = CopyDeps & KeyDeps
