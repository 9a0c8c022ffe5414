import type {MfaError} from '../errors/mfa-error.js'
import type {Secret} from '../model/secret.js'

/** Below a folder; `path` is relative, with `/` between its parts, spelled as the file system spells it. */
export type TreeEntry =
  | FileEntry
  | {readonly kind: 'folder'; readonly path: string; readonly mode: number}
  /** A link that leads to no file: to a folder, or to nothing. */
  | {readonly kind: 'link'; readonly path: string; readonly target: string}
  /** A pipe, a socket, a device. */
  | {readonly kind: 'other'; readonly path: string}

export interface FileEntry {
  readonly kind: 'file'
  readonly path: string
  readonly bytes: number
  /** Permission bits. */
  readonly mode: number
  /** Milliseconds since 1970. */
  readonly modified: number
  /** Where the link leads that stands here instead of the file itself. */
  readonly link?: string | undefined
}

/** Everything below a folder in the order of the paths, links not gone through; `faults` (exit `data`) where it could not be looked at. */
export interface Tree {
  readonly entries: readonly TreeEntry[]
  readonly faults: readonly MfaError[]
}

export interface Place {
  /** With every link resolved. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'other'
  /** The same number means the same volume. */
  readonly device: number
  readonly bytes: number
  readonly mode: number
  /** What its volume has room for. */
  readonly freeBytes: number
}

export interface FileHash {
  readonly bytes: number
  /** SHA-256 in lower-case hex. */
  readonly sha256: string
}

/** Makes bytes of other bytes: seals them, or opens what was sealed. Errors come out of the stream. */
export type Recode = (bytes: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>

export interface Reading {
  readonly recode?: Recode | undefined
  /** Its reason is thrown between two pieces of a file. */
  readonly signal?: AbortSignal | undefined
  /** Told of every piece that was read. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

export interface Copied {
  /** What was read, before it was recoded. */
  readonly read: FileHash
  /** What stands in the copy. */
  readonly written: FileHash
}

/**
 * Folders to back up and folders of backups. Files go through memory in pieces, whatever their size.
 * Throws MfaError: `data` where something cannot be read, `usage` where it cannot be written, `unavailable` where the disk
 * is full; each names the path. What is read is never changed: nothing here writes outside of a draft but `keepText`,
 * `move` and `remove`.
 */
export interface BackupStore {
  /** Undefined where nothing is there. */
  look(path: string): Promise<Place | undefined>
  scan(folder: string): Promise<Tree>
  /** Of the recoded bytes. Undefined where the file is gone. */
  hash(folder: string, path: string, how?: Reading): Promise<FileHash | undefined>
  /** A small file as UTF-8, at most 64 MB. Undefined where there is none. */
  text(folder: string, path: string, recode?: Recode): Promise<string | undefined>
  /** Names of the folders directly below, in order. */
  folders(folder: string): Promise<readonly string[]>
  /** Makes it where it is missing, for its owner only. */
  ensure(folder: string): Promise<Place>
  /** A folder that is being made next to where it will stand; nobody sees it under its final name before `publish`. */
  begin(folder: string, name: string, access: 'owner-only' | 'as-around-it'): Promise<Draft>
  /** Replaces a small file whole or not at all. */
  keepText(folder: string, path: string, text: string): Promise<void>
  /** Renames a folder within its parent, at once; refuses where the new name is taken. */
  move(from: string, to: string): Promise<void>
  /** Takes a folder out of sight at once, then away piece by piece. */
  remove(folder: string, name: string): Promise<void>
  /** Clears what killed processes left of their drafts and removals. `kept`: of processes that may still be at work. */
  sweep(folder: string): Promise<{readonly removed: readonly string[]; readonly kept: readonly string[]}>
}

export interface Draft {
  /** Where it is while it is being made. */
  readonly folder: string
  /**
   * A copy of one file, on the disk when this resolves, with the time of the original; 0600 unless `mode` is given.
   * Undefined where the original is gone.
   */
  put(
    from: {readonly folder: string; readonly path: string},
    as: string,
    how?: Reading & {readonly mode?: number | undefined; readonly modified?: number | undefined},
  ): Promise<Copied | undefined>
  write(as: string, text: string, recode?: Recode): Promise<FileHash>
  drop(as: string): Promise<void>
  addFolder(as: string): Promise<void>
  addLink(as: string, target: string): Promise<void>
  /** Permission bits of folders, `''` for the whole; last, since a folder may be closed by them. */
  setModes(folders: readonly {readonly path: string; readonly mode: number}[]): Promise<void>
  /**
   * Everything is on the disk and has its final name, at once; gives the path. Throws MfaError `usage` (TAKEN) where
   * something has that name: it may be tried again under another.
   */
  publish(name?: string): Promise<string>
  /** Nothing of it is left. */
  discard(): Promise<void>
}

/** age-encryption.org/v1. */
export interface BackupCrypto {
  /** Throws MfaError `usage` that names the recipient that is none. */
  sealFor(recipients: readonly string[]): Recode
  /** A key for one backup; `keyFile` holds it, sealed with the passphrase. `age -d -i KEYFILE` takes it as it is. */
  newKey(
    passphrase: Secret,
  ): Promise<{readonly seal: Recode; readonly open: Recode; readonly keyFile: string}>
  /** Throws MfaError `usage` where the passphrase is not the right one. What comes out throws as `openWith`. */
  openKey(keyFile: string, passphrase: Secret): Promise<Recode>
  /**
   * Identities as `age-keygen` writes them. Throws MfaError `data` where there is none. What comes out throws `usage`
   * (WRONG_KEY) for what was sealed for others, `data` (CANNOT_DECRYPT) for what is damaged.
   */
  openWith(identities: Secret, file: string): Recode
}

/** The Windows service of the server on this machine. */
export interface ServiceControl {
  /** `unknown` where there is no way to ask. */
  state(): Promise<'running' | 'stopped' | 'absent' | 'unknown'>
  /** Resolves when it has stopped. */
  stop(): Promise<void>
  start(): Promise<void>
}
