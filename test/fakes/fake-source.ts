import {createHash} from 'node:crypto'
import type {SourceKey} from '../../src/lib/model/brand.js'
import type {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {ServerIdentity, ServerUser} from '../../src/lib/model/server-user.js'
import type {Source, SourceDescription, SourceProblem} from '../../src/lib/ports/source.js'

const KEY = new Uint8Array(32).fill(3)

/** Users in a list that may change between two reads. Promises what a Source promises. */
export class FakeSource implements Source {
  list: readonly ServerUser[]
  kind: SourceDescription['kind'] = 'bundle'
  found: readonly SourceProblem[] = []
  /** Told before records are read; the place to change `list`. */
  onUsers: (keys: readonly SourceKey[] | undefined) => Promise<void> | void = () => {}
  /** Thrown by `describe`, as where the input cannot be read as a whole. */
  broken: MfaError | undefined
  readonly asked: (readonly SourceKey[] | undefined)[] = []
  #read = false

  constructor(list: readonly ServerUser[]) {
    this.list = list
  }

  change(key: SourceKey, how: Partial<ServerUser>): void {
    this.list = this.list.map((user) => (user.key === key ? {...user, ...how} : user))
  }

  async describe(signal: AbortSignal): Promise<SourceDescription> {
    signal.throwIfAborted()
    if (this.broken !== undefined) throw this.broken
    return {kind: this.kind, label: 'fake', facts: [{name: 'users.csv', value: `${this.list.length} rows`}]}
  }

  async *identities(signal: AbortSignal): AsyncGenerator<ServerIdentity> {
    this.#read = true
    for (const {key, username, userPrincipalName, sid} of this.list) {
      signal.throwIfAborted()
      yield {key, username, userPrincipalName, sid}
    }
  }

  async *users(signal: AbortSignal, keys?: readonly SourceKey[]): AsyncGenerator<ServerUser> {
    if (!this.#read) throw new Error('users before identities')
    this.asked.push(keys)
    await this.onUsers(keys)
    const byKey = new Map(this.list.map((user) => [user.key, user]))
    const wanted = keys === undefined ? this.list : keys.flatMap((key) => byKey.get(key) ?? [])
    for (const user of wanted) {
      signal.throwIfAborted()
      yield user
    }
  }

  problems(): readonly SourceProblem[] {
    return this.found
  }

  async fingerprint(): Promise<string> {
    const secrets = this.list.map(({devices, oathTokens}) => [
      devices.map(({oathSecret}) => oathSecret?.keyedHash(KEY)),
      oathTokens.map(({secret}) => secret?.keyedHash(KEY)),
    ])
    return createHash('sha256')
      .update(JSON.stringify([this.list, secrets]))
      .digest('hex')
  }

  async close(): Promise<void> {
    this.list = []
  }
}
