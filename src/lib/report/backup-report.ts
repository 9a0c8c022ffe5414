import {dirname} from 'node:path'

import type {BackupReport} from '../backup/backup.js'
import type {VerifyReport} from '../backup/verify-backup.js'
import {countOf} from '../model/count-of.js'
import {shellWord} from '../model/shell-word.js'
import {sizeText} from '../model/size-text.js'
import type {Output} from '../ports/output.js'

type Json = Readonly<Record<string, unknown>>

/** `mfa server backup` */
export function showBackup(report: BackupReport, out: Output): Json {
  const {folder, name, manifest, sha256, bytes, removed} = report
  const {files, installer, sealed, passes} = manifest
  out.line(`Backup: ${folder}`)
  out.line(`  of ${manifest.data} on ${manifest.server} (${manifest.role}${version(manifest.serverVersion)})`)
  out.line(`  ${countOf(files.length, 'file')}, ${sizeText(bytes)}; ${passes} passes, the last two agreed`)
  out.line(`  ${SEALED[sealed]}`)
  if (installer === null)
    out.prose(
      'No installer was kept: going back needs the one of the version in use. --installer FILE keeps it.',
    )
  else out.line(`  installer ${installer.name}, ${sizeText(installer.bytes)}`)
  if (removed.length > 0)
    out.line(`Removed ${countOf(removed.length, 'older backup')}: ${removed.join(', ')}`)
  out.prose(`It shows the data of ${manifest.madeAt}. What changes after that is lost when it is put back.`)
  out.line(`backup of ${countOf(files.length, 'file')} is good: read back and every hash compared`)
  if (sealed === 'recipients')
    out.line(`Next, where the key is: mfa server verify-backup ${shellWord(folder)} --identity FILE`)
  else
    out.line(
      `Next: mfa server preflight --to ${shellWord(dirname(folder))} --data ${shellWord(manifest.data)} --server ${shellWord(manifest.server)}`,
    )
  return {
    backup: folder,
    name,
    files: files.length,
    bytes,
    sha256,
    madeAt: manifest.madeAt,
    server: manifest.server,
    data: manifest.data,
    role: manifest.role,
    serverVersion: manifest.serverVersion,
    encrypted: sealed !== 'none',
    sealed,
    installer: installer?.name ?? null,
    passes,
    removed,
  }
}

const SEALED = {
  none: 'not encrypted: whoever can read the folder can read the data',
  recipients: 'encrypted with age for a recipient; opening it was not tried here, the key is elsewhere',
  passphrase: 'encrypted with age; opened again with the passphrase',
} as const

const version = (text: string | null): string => (text === null ? '' : `, version ${text}`)

/** `mfa server verify-backup` */
export function showVerified({folder, manifest, verification, hashedBytes}: VerifyReport, out: Output): Json {
  const {mode, opened, at} = verification
  const files = countOf(manifest.files.length, 'file')
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  out.line(`Backup: ${folder}`)
  out.line(`  of ${manifest.data} on ${manifest.server}, made ${manifest.madeAt}`)
  out.line(
    mode === 'full'
      ? `backup is good: ${files} complete, every hash compared${opened === true ? ', everything decrypted' : ''}`
      : `nothing wrong at a fast look: ${files} complete, ${sizeText(hashedBytes)} hashed; without --fast all of it is`,
  )
  return {
    backup: folder,
    good: true,
    mode,
    verifiedAt: at,
    decrypted: opened,
    files: manifest.files.length,
    bytes,
    hashedBytes,
    madeAt: manifest.madeAt,
    server: manifest.server,
    serverVersion: manifest.serverVersion,
    role: manifest.role,
    encrypted: manifest.sealed !== 'none',
    sealed: manifest.sealed,
  }
}
