import {randomBytes} from 'node:crypto'
import {basename} from 'node:path'
import type {OathSecret} from '../../model/secret.js'
import type {SourceProblem} from '../../ports/source.js'
import {CsvFault, faultsError, type FileFault} from '../csv/csv-fault.js'
import {CsvFile} from '../csv/csv-file.js'
import {fingerprintFiles} from '../csv/fingerprint.js'
import {type Header, readHeader} from '../csv/header.js'
import {RowReader} from '../csv/row-reader.js'
import {ProblemList} from '../problem-list.js'
import {readSeed, type Seed, SEED_COLUMNS, type SeedColumn} from './seed-row.js'
import {quote} from '../quote.js'

/** What the seed files say of one serial number. */
export interface SeedEntry extends Seed {
  /** Several rows with different secrets: where they stand. None of them is used. */
  readonly conflict?: string | undefined
}

/** OATH seeds by serial number, in memory. */
export interface SeedIndex {
  /** As the user named them. */
  readonly files: readonly {readonly path: string; readonly rows: number}[]
  /** Exact match. */
  get(serialNumber: string): SeedEntry | undefined
  /** A serial number of the files that differs only in letter case or outer spaces. */
  near(serialNumber: string): string | undefined
  entries(): Iterable<SeedEntry>
  /** `seed-invalid` and `seed-duplicate` of the files themselves, and unknown columns. */
  readonly problems: readonly SourceProblem[]
  /** Without telling what they are. */
  sameSecret(one: OathSecret, other: OathSecret): boolean
  /** Over the files as they are now. */
  fingerprint(signal: AbortSignal): Promise<string>
}

export interface SeedFileOptions {
  readonly signal?: AbortSignal
}

const FIX =
  'A seed file is a CSV in UTF-8 with the header "upn,serial number,secret key,time interval,manufacturer,model" (upn may be left out).'

/** Reads all seed files. Throws MfaError (exit `data`) that lists every file that cannot be read as a whole. */
export async function openSeedFiles(
  paths: readonly string[],
  options: SeedFileOptions = {},
): Promise<SeedIndex> {
  const signal = options.signal ?? new AbortController().signal
  const key = randomBytes(32)
  const sameSecret = (one: OathSecret, other: OathSecret): boolean =>
    one.keyedHash(key) === other.keyedHash(key)
  const seeds = new Map<string, SeedEntry>()
  const near = new Map<string, string>()
  const problems = new ProblemList()
  const faults: FileFault[] = []
  const files: {path: string; rows: number}[] = []
  for (const path of paths) {
    let rows = 0
    try {
      for await (const seed of readSeedFile(path, problems, faults, signal)) {
        rows += 1
        const before = seeds.get(seed.serialNumber)
        seeds.set(seed.serialNumber, before ? merge(before, seed, sameSecret, problems) : seed)
        const folded = fold(seed.serialNumber)
        if (!near.has(folded)) near.set(folded, seed.serialNumber)
      }
    } catch (error) {
      if (!(error instanceof CsvFault)) throw error
      faults.push({file: path, line: error.line, message: error.message})
    }
    files.push({path, rows})
  }
  if (faults.length > 0) throw faultsError('SEED_FILE_UNREADABLE', 'The seed files', faults, FIX)
  return {
    files,
    get: (serial) => seeds.get(serial),
    near: (serial) => (seeds.has(serial) ? undefined : near.get(fold(serial))),
    entries: () => seeds.values(),
    problems: problems.list(),
    sameSecret,
    fingerprint: async (later) =>
      fingerprintFiles(
        paths.map((path) => ({name: basename(path), path})),
        later,
      ),
  }
}

async function* readSeedFile(
  path: string,
  problems: ProblemList,
  faults: FileFault[],
  signal: AbortSignal,
): AsyncGenerator<Seed> {
  signal.throwIfAborted()
  const csv = await CsvFile.open(path)
  if (!csv) throw new CsvFault('there is no such file')
  let header: Header<SeedColumn> | undefined
  for await (const rows of csv.rows(signal)) {
    for (const row of rows) {
      if (!header) {
        header = readHeader(row.cells, SEED_COLUMNS)
        for (const message of header.faults) faults.push({file: path, line: row.line, message})
        for (const {name} of header.unknown) {
          const message = `column ${quote(name)} is not known and is ignored`
          problems.add({code: 'unknown-column', file: path, line: row.line, field: name, message})
        }
      } else if (header.faults.length === 0) {
        const {seed, faults: wrong} = readSeed(new RowReader(path, row, header))
        for (const each of wrong) problems.add({code: 'seed-invalid', file: path, line: row.line, ...each})
        if (seed) yield seed
      }
    }
  }
  if (!header) throw new CsvFault('has no header row', 1)
}

function merge(
  before: SeedEntry,
  seed: Seed,
  sameSecret: SeedIndex['sameSecret'],
  problems: ProblemList,
): SeedEntry {
  const token = `serial number ${quote(seed.serialNumber)}`
  const place = {code: 'seed-duplicate', file: seed.file, line: seed.line} as const
  const where = before.file === seed.file ? `line ${before.line}` : `${before.file}, line ${before.line}`
  if (!sameSecret(before.secret, seed.secret)) {
    const message = `${token} stands also in ${where} with another secret; neither is used`
    problems.add({...place, field: 'secret key', message})
    const rows = before.conflict ?? `${before.file}, line ${before.line}`
    return {...before, conflict: `${rows}; ${seed.file}, line ${seed.line}`}
  }
  const differs = (['timeInterval', 'manufacturer', 'model', 'hashFunction', 'upn'] as const).filter(
    (field) => before[field] !== seed[field],
  )
  const rest = differs.length === 0 ? '' : `; ${differs.join(', ')} differ, the first row counts`
  problems.add({...place, message: `${token} stands also in ${where} with the same secret${rest}`})
  return before
}

function fold(serial: string): string {
  return serial.trim().toLowerCase()
}
