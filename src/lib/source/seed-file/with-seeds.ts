import {createHash} from 'node:crypto'
import type {SourceKey} from '../../model/brand.js'
import {countOf} from '../../model/count-of.js'
import type {ServerIdentity, ServerOathToken, ServerUser} from '../../model/server-user.js'
import type {Source, SourceDescription, SourceProblem} from '../../ports/source.js'
import {ProblemList} from '../problem-list.js'
import type {SeedEntry, SeedIndex} from './seed-index.js'
import {quote} from '../quote.js'

/** Unmatched serial numbers told one by one. */
const UNMATCHED_LISTED = 100

/**
 * The same source with secrets of seed files joined to its tokens by serial number (O4). Serial numbers that nobody has
 * are known after `identities` where the source gives all serial numbers, else after a pass of `users` over everybody.
 */
export function withSeeds(source: Source, seeds: SeedIndex): Source {
  return new SeededSource(source, seeds)
}

class SeededSource implements Source {
  readonly #source: Source
  readonly #seeds: SeedIndex
  /** By place, so that a user who is read twice is told once. */
  readonly #joinProblems = new Map<string, SourceProblem>()
  #unmatched: readonly SourceProblem[] = []

  constructor(source: Source, seeds: SeedIndex) {
    this.#source = source
    this.#seeds = seeds
  }

  async describe(signal: AbortSignal): Promise<SourceDescription> {
    const description = await this.#source.describe(signal)
    const files = this.#seeds.files.map(({path, rows}) => ({
      name: 'seed file',
      value: `${path}: ${countOf(rows, 'token')}`,
    }))
    return {...description, facts: [...description.facts, ...files]}
  }

  async *identities(signal: AbortSignal): AsyncGenerator<ServerIdentity> {
    this.#joinProblems.clear()
    this.#unmatched = []
    yield* this.#source.identities(signal)
    if (!this.#source.serialNumbers) return
    const seen = new Set<string>()
    for await (const serial of this.#source.serialNumbers(signal)) this.#see(serial, seen)
    this.#unmatched = this.#nobodys(seen)
  }

  async *users(signal: AbortSignal, keys?: readonly SourceKey[]): AsyncGenerator<ServerUser> {
    const seen = new Set<string>()
    for await (const user of this.#source.users(signal, keys)) {
      for (const {serialNumber} of user.oathTokens) this.#see(serialNumber, seen)
      if (user.oathTokens.length === 0) yield user
      else yield {...user, oathTokens: user.oathTokens.map((token) => this.#join(user, token))}
    }
    if (!keys) this.#unmatched = this.#nobodys(seen)
  }

  get serverSettings(): Source['serverSettings'] {
    return this.#source.serverSettings?.bind(this.#source)
  }

  problems(): readonly SourceProblem[] {
    return [
      ...this.#source.problems(),
      ...this.#seeds.problems,
      ...this.#joinProblems.values(),
      ...this.#unmatched,
    ]
  }

  async fingerprint(signal: AbortSignal): Promise<string> {
    const own = await this.#source.fingerprint(signal)
    const seeds = await this.#seeds.fingerprint(signal)
    return createHash('sha256').update(`${own}\n${seeds}`).digest('hex')
  }

  async close(): Promise<void> {
    return this.#source.close()
  }

  /** O4 */
  #join(user: ServerUser, token: ServerOathToken): ServerOathToken {
    const seed = this.#seeds.get(token.serialNumber)
    if (!seed) return token
    this.#checkUpn(user, seed)
    if (seed.conflict !== undefined) {
      return {...token, seedConflict: `the seed files give different secrets: ${seed.conflict}`}
    }
    if (token.secret && !this.#seeds.sameSecret(token.secret, seed.secret)) {
      return {...token, seedConflict: `the record has another secret than ${seed.file}, line ${seed.line}`}
    }
    return {
      serialNumber: token.serialNumber,
      secret: token.secret ?? seed.secret,
      timeInterval: token.timeInterval ?? seed.timeInterval,
      manufacturer: token.manufacturer ?? seed.manufacturer,
      model: token.model ?? seed.model,
      hashFunction: token.hashFunction ?? seed.hashFunction,
    }
  }

  #checkUpn(user: ServerUser, seed: SeedEntry): void {
    const upn = seed.upn?.toLowerCase()
    if (upn === undefined) return
    const names = [user.userPrincipalName, user.username].filter((name) => name?.includes('@'))
    // DOMAIN\name alone does not tell whether it is the same person.
    if (names.length === 0 || names.some((name) => name?.toLowerCase() === upn)) return
    const serial = quote(seed.serialNumber)
    this.#joinProblems.set(JSON.stringify([seed.file, seed.line, user.key]), {
      code: 'seed-invalid',
      file: seed.file,
      line: seed.line,
      field: 'upn',
      message: `serial number ${serial} is given to ${quote(seed.upn ?? '')} here but belongs to ${quote(user.key)} on the server; the serial number counts`,
    })
  }

  #see(serial: string, seen: Set<string>): void {
    if (this.#seeds.get(serial)) {
      seen.add(serial)
      return
    }
    const near = this.#seeds.near(serial)
    const seed = near === undefined ? undefined : this.#seeds.get(near)
    if (!seed || this.#joinProblems.size > MAX_JOIN_PROBLEMS) return
    this.#joinProblems.set(`near ${serial}`, {
      code: 'seed-unmatched',
      file: seed.file,
      line: seed.line,
      field: 'serial number',
      message: `serial number ${quote(seed.serialNumber)} differs from ${quote(serial)} of the source only in letter case or spaces at the ends; write it exactly so`,
    })
  }

  #nobodys(seen: ReadonlySet<string>): readonly SourceProblem[] {
    const problems = new ProblemList(UNMATCHED_LISTED)
    for (const {serialNumber, file, line} of this.#seeds.entries()) {
      if (seen.has(serialNumber)) continue
      const message = `no user of the source has serial number ${quote(serialNumber)}`
      problems.add({code: 'seed-unmatched', file, line, field: 'serial number', message})
    }
    return problems.list()
  }
}

const MAX_JOIN_PROBLEMS = 10_000
