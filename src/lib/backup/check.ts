import {MfaError} from '../errors/mfa-error.js'
import {countOf} from '../model/count-of.js'
import {sizeText} from '../model/size-text.js'
import type {BackupStore, Recode} from '../ports/backup-store.js'
import type {Ui} from '../ports/ui.js'
import {meter} from './copy-settled.js'
import {collecting} from './faults.js'
import {
  CONTENTS,
  type Contents,
  MANIFEST,
  MANIFEST_HASH,
  type Manifest,
  parseContents,
  parseManifest,
  storedParts,
  VERIFIED,
} from './manifest.js'

/** `names`: every file is there in its size. `fast`: and those up to 8 MB are hashed. `full`: all are. */
type Depth = 'names' | 'fast' | 'full'
const FAST_LIMIT = 8e6

export interface CheckDeps {
  readonly store: BackupStore
  readonly ui: Ui
}

/** Reads the manifest and proves that it is the one that was written. */
export async function readManifest(
  folder: string,
  store: BackupStore,
): Promise<{readonly manifest?: Manifest; readonly faults: readonly MfaError[]}> {
  const text = await store.text(folder, MANIFEST)
  if (text === undefined) return {faults: [damage(`${MANIFEST} is missing`)]}
  const parsed = parseManifest(text)
  const faults = 'faults' in parsed ? parsed.faults.map((fault) => damage(fault)) : []
  const [wanted] = (await store.text(folder, MANIFEST_HASH))?.split(/\s/) ?? []
  const is = await store.hash(folder, MANIFEST)
  if (wanted === undefined) faults.push(damage(`${MANIFEST_HASH} is missing`))
  else if (is?.sha256 !== wanted)
    faults.push(damage(`${MANIFEST} is not as it was written (${MANIFEST_HASH})`))
  return 'value' in parsed ? {manifest: parsed.value, faults} : {faults}
}

/**
 * Every fault of a backup; none means that it is whole. With `open`, everything is opened as well and compared with the
 * hashes of what was backed up.
 */
export async function checkBackup(
  folder: string,
  manifest: Manifest,
  how: {readonly depth: Depth; readonly open?: Recode | undefined; readonly signal: AbortSignal},
  {store, ui}: CheckDeps,
): Promise<{
  readonly faults: readonly MfaError[]
  readonly hashedBytes: number
  readonly contents?: Contents
}> {
  const faults: MfaError[] = []
  const {entries, faults: unseen} = await store.scan(folder)
  faults.push(...unseen)
  const there = new Map(entries.map((entry) => [entry.path, entry]))
  const parts = storedParts(manifest)
  const expected = new Set([MANIFEST, MANIFEST_HASH, VERIFIED, ...parts.map(({stored}) => stored)])
  for (const {path, kind} of entries)
    if (kind !== 'folder' && !expected.has(path) && !/^verified\.json\.\d+\.part$/.test(path))
      faults.push(damage(`${path} does not belong to this backup`))
  const whole = parts.filter(({stored, storedBytes}) => {
    const entry = there.get(stored)
    if (entry === undefined) faults.push(damage(`${stored} is missing`))
    else if (entry.kind !== 'file' || entry.link !== undefined) faults.push(damage(`${stored} is no file`))
    else if (entry.bytes !== storedBytes)
      faults.push(damage(`${stored} has ${sizeText(entry.bytes)} (${entry.bytes}) instead of ${storedBytes}`))
    else return true
    return false
  })
  const read = whole.filter(
    ({storedBytes}) => how.depth === 'full' || (how.depth === 'fast' && storedBytes <= FAST_LIMIT),
  )
  const sound = new Set<string>()
  const onBytes = meter(
    ui,
    'MB verified',
    read.map(({storedBytes}) => ({bytes: storedBytes})),
  )
  for (const {stored, storedSha256} of read) {
    await collecting(faults, async () => {
      const hash = await store.hash(folder, stored, {signal: how.signal, onBytes})
      if (hash?.sha256 === storedSha256) sound.add(stored)
      else faults.push(damage(`${stored} is not what was backed up: SHA-256 ${hash?.sha256 ?? 'of nothing'}`))
    })
  }
  ui.emit({type: 'phase-end', phase: 'MB verified'})
  const hashedBytes = read.reduce((sum, {storedBytes}) => sum + storedBytes, 0)
  if (how.open === undefined || how.depth !== 'full') return {faults, hashedBytes}
  const contents = await opened(folder, manifest, sound, {...how, open: how.open}, faults, {store, ui})
  return {faults, hashedBytes, ...(contents === undefined ? {} : {contents})}
}

async function opened(
  folder: string,
  manifest: Manifest,
  sound: ReadonlySet<string>,
  {open, signal}: {readonly open: Recode; readonly signal: AbortSignal},
  faults: MfaError[],
  {store, ui}: CheckDeps,
): Promise<Contents | undefined> {
  // What is damaged is named already; opening it would blame the key.
  if (!sound.has(CONTENTS)) return undefined
  const contents = await collecting(faults, () => readContents(folder, open, store))
  if (contents === undefined) return undefined
  const {files, installer} = manifest
  const sealed = [
    ...files.map(({path, stored, bytes}) => ({stored, bytes, wanted: contents.files[path]})),
    ...(installer === null
      ? []
      : [{stored: installer.stored, bytes: installer.bytes, wanted: contents.installer ?? undefined}]),
  ].filter(({stored}) => sound.has(stored))
  const onBytes = meter(ui, 'MB opened', sealed)
  for (const {stored, bytes, wanted} of sealed) {
    await collecting(faults, async () => {
      const hash = await store
        .hash(folder, stored, {recode: open, signal, onBytes})
        .catch((error: unknown) => {
          throw error instanceof MfaError && error.code === 'CANNOT_DECRYPT'
            ? damage(`${stored} ${error.message}`, error.fix)
            : error
        })
      if (hash?.sha256 !== wanted || hash?.bytes !== bytes)
        faults.push(damage(`${stored} opens to something else than what was backed up`))
    })
  }
  ui.emit({type: 'phase-end', phase: 'MB opened'})
  return contents
}

/** The hashes of what was backed up. */
async function readContents(folder: string, open: Recode, store: BackupStore): Promise<Contents> {
  const text = await store.text(folder, CONTENTS, open)
  const parsed = text === undefined ? {faults: [`${CONTENTS} is missing`]} : parseContents(text)
  if ('value' in parsed) return parsed.value
  throw damage(parsed.faults.join('; '))
}

/** One error with every fault. */
export function damaged(folder: string, faults: readonly MfaError[]): MfaError {
  const lines = faults.map(({message}) => `  ${message}`).join('\n')
  const fixes = [...new Set(faults.map(({fix}) => fix ?? ''))].filter((fix) => fix !== '')
  return new MfaError(
    'BACKUP_DAMAGED',
    `the backup ${folder} is damaged, ${countOf(faults.length, 'fault')}:\n${lines}`,
    {exit: 'data', fix: fixes.join('\n')},
  )
}

const damage = (
  message: string,
  fix = 'Use another backup: mfa server backups --to FOLDER lists them.',
): MfaError => new MfaError('DAMAGE', message, {exit: 'data', fix})
