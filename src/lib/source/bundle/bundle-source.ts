import {join} from 'node:path'
import type {SourceKey} from '../../model/brand.js'
import type {ServerIdentity, ServerUser} from '../../model/server-user.js'
import type {Scratch} from '../../ports/scratch.js'
import type {Source, SourceDescription, SourceProblem} from '../../ports/source.js'
import {CsvFault, faultsError, type FileFault} from '../csv/csv-fault.js'
import {fingerprintFiles} from '../csv/fingerprint.js'
import type {MfaError} from '../../errors/mfa-error.js'
import {ProblemList} from '../problem-list.js'
import {BundleIndex} from './bundle-index.js'
import {BUNDLE_FILES, USERS_FILE} from './columns.js'
import {indexIdentities, indexItems} from './index-pass.js'
import {type BundleSurvey, surveyBundle} from './survey.js'
import {usersByKey, usersInOrder, type BundleReader} from './read-users.js'

export interface BundleOptions {
  /** Holds where each row stands, never what is in it. */
  readonly scratch: Scratch
}

const FIX = 'Correct the files and run the same command again. Nothing was sent.'

/**
 * An export bundle: a folder with users.csv and, optionally, devices.csv and oath-tokens.csv (docs: export bundle).
 * Nothing is read before `describe` or `identities`.
 */
export async function openBundle(folder: string, options: BundleOptions): Promise<Source> {
  return Promise.resolve(new BundleSource(folder, options.scratch))
}

/** Tells bags of several bundles, and of several passes, apart. */
let passes = 0

class BundleSource implements Source {
  readonly #folder: string
  readonly #scratch: Scratch
  #problems: readonly SourceProblem[] = []
  #reader: BundleReader | undefined

  constructor(folder: string, scratch: Scratch) {
    this.#folder = folder
    this.#scratch = scratch
  }

  async describe(signal: AbortSignal): Promise<SourceDescription> {
    signal.throwIfAborted()
    const survey = await surveyBundle(this.#folder, signal)
    if (survey.faults.length > 0) throw this.#error(survey.faults)
    const files = [survey.users, survey.devices, survey.tokens].filter((file) => file !== undefined)
    return {
      kind: 'bundle',
      label: this.#folder,
      facts: files.map(({name, csv}) => ({
        name,
        value: `${csv.size} bytes, separated by "${csv.separator}"`,
      })),
    }
  }

  async *identities(signal: AbortSignal): AsyncGenerator<ServerIdentity> {
    signal.throwIfAborted()
    const survey = await surveyBundle(this.#folder, signal)
    const faults: FileFault[] = [...survey.faults]
    const problems = new ProblemList()
    for (const problem of survey.problems) problems.add(problem)
    passes += 1
    const index = new BundleIndex(this.#scratch, `bundle/${passes}`)
    const trusted = faults.length === 0
    if (survey.users) {
      for await (const identity of collecting(
        indexIdentities(survey.users, index, problems, signal),
        USERS_FILE,
        faults,
      )) {
        if (trusted) yield identity
      }
    }
    for (const [kind, file] of [
      ['devices', survey.devices],
      ['tokens', survey.tokens],
    ] as const) {
      if (!file) continue
      const known = trusted && faults.length === 0
      const pass = indexItems(kind, file, index, known ? problems : undefined, signal)
      for await (const _ of collecting(pass, file.name, faults)) signal.throwIfAborted()
    }
    if (faults.length > 0) throw this.#error(unique(faults))
    this.#problems = problems.list()
    this.#reader = readerOf(survey, index)
  }

  async *users(signal: AbortSignal, keys?: readonly SourceKey[]): AsyncGenerator<ServerUser> {
    signal.throwIfAborted()
    const reader = this.#reader
    if (!reader) throw new Error('users before identities')
    try {
      yield* keys ? usersByKey(reader, keys, signal) : usersInOrder(reader, signal)
    } catch (error) {
      throw error instanceof CsvFault
        ? this.#error([{file: this.#folder, line: error.line, message: error.message}])
        : error
    }
  }

  async *serialNumbers(signal: AbortSignal): AsyncGenerator<string> {
    const reader = this.#reader
    if (!reader) throw new Error('serialNumbers before identities')
    const {tokens, index} = reader
    const at = tokens?.header.at
    if (!tokens || !at) return
    for await (const rows of tokens.csv.rows(signal)) {
      for (const row of rows) {
        const serial = row.cells[at.get('SerialNumber') ?? -1]
        const username = row.cells[at.get('Username') ?? -1]
        if (serial && username && index.isUser(username)) yield serial
      }
    }
  }

  problems(): readonly SourceProblem[] {
    return this.#problems
  }

  async fingerprint(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const files = BUNDLE_FILES.map((name) => ({name, path: join(this.#folder, name)}))
    return fingerprintFiles(files, signal)
  }

  async close(): Promise<void> {
    this.#reader = undefined
    return Promise.resolve()
  }

  #error(faults: readonly FileFault[]): MfaError {
    return faultsError('BUNDLE_UNREADABLE', `The bundle ${this.#folder}`, faults, FIX)
  }
}

function readerOf(survey: BundleSurvey, index: BundleIndex): BundleReader {
  const {users, devices, tokens} = survey
  if (!users) throw new Error('a bundle without users.csv passed')
  return {users, devices, tokens, index}
}

/** A fault of one file must not keep those of the next from being told. */
async function* collecting<T>(rows: AsyncIterable<T>, file: string, faults: FileFault[]): AsyncGenerator<T> {
  try {
    yield* rows
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error
    faults.push({file, line: error.line, message: error.message})
  }
}

function unique(faults: readonly FileFault[]): readonly FileFault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
}
