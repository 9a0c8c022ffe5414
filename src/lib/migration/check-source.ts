import type {SourceKey} from '../model/brand.js'
import {SERVER_MODES, type ServerUser} from '../model/server-user.js'
import type {Clock} from '../ports/clock.js'
import type {Source, SourceProblem} from '../ports/source.js'
import type {Ui} from '../ports/ui.js'

/** How many records are read to measure the time of a full read. */
const SAMPLE = 20

/** What `mfa source check` found; counts, never values. */
export interface SourceCheck {
  readonly kind: string
  readonly source: string
  readonly facts: readonly {readonly name: string; readonly value: string}[]
  readonly users: number
  /** Over the whole bundle; over the sample where each record costs a request. */
  readonly sampled: number
  readonly modes: Readonly<Record<string, number>>
  readonly devices: number
  readonly oathTokens: number
  readonly withoutSecret: number
  readonly disabled: number
  /** Seconds, estimated from the sample. */
  readonly fullReadSeconds: number
  readonly problems: readonly (SourceProblem & {readonly user?: string | undefined})[]
}

/** Reads the list of users, a sample of whole records (all of them from a bundle), and says what is there. */
export async function checkSource(
  {source, clock, ui}: {readonly source: Source; readonly clock: Clock; readonly ui: Ui},
  signal: AbortSignal,
): Promise<SourceCheck> {
  const started = clock.monotonic()
  const sample: SourceKey[] = []
  let users = 0
  for await (const {key} of source.identities(signal)) {
    if (sample.length < SAMPLE) sample.push(key)
    if (++users % 500 === 0) ui.emit({type: 'progress', phase: 'reading the source', done: users})
  }
  ui.emit({type: 'phase-end', phase: 'reading the source'})
  const listing = clock.monotonic() - started

  // Only now: how it was shown that nobody is missing is known after the pass.
  const description = await source.describe(signal)
  const whole = description.kind === 'bundle'
  const tally = new Tally()
  const before = clock.monotonic()
  for await (const user of source.users(signal, whole ? undefined : sample)) tally.add(user)
  const perUser = tally.users === 0 ? 0 : (clock.monotonic() - before) / tally.users
  // Problems of seeds that nobody has are known only after all users were read.
  return {
    kind: description.kind,
    source: description.label,
    facts: description.facts,
    users,
    sampled: tally.users,
    modes: tally.modes,
    devices: tally.devices,
    oathTokens: tally.tokens,
    withoutSecret: tally.withoutSecret,
    disabled: tally.disabled,
    fullReadSeconds: round((listing + perUser * users) / 1000),
    problems: [...source.problems(), ...tally.faults],
  }
}

class Tally {
  users = 0
  devices = 0
  tokens = 0
  withoutSecret = 0
  disabled = 0
  readonly modes: Record<string, number> = Object.fromEntries(
    [...SERVER_MODES, 'invalid'].map((mode) => [mode, 0]),
  )
  readonly faults: (SourceProblem & {readonly user: string})[] = []

  add(user: ServerUser): void {
    this.users++
    this.devices += user.devices.length
    this.tokens += user.oathTokens.length
    this.withoutSecret += user.oathTokens.filter(({secret}) => secret === undefined || secret.isEmpty).length
    // A row that cannot be trusted says nothing of its user's being disabled.
    if (!user.enabled && user.faults.every(({severity}) => severity !== 'row')) this.disabled++
    const mode = user.mode ?? 'invalid'
    this.modes[mode] = (this.modes[mode] ?? 0) + 1
    for (const {file, line, field, message} of user.faults) {
      this.faults.push({code: 'row-invalid', file, line, field, message, user: user.username})
    }
  }
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10
