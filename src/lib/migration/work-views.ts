import type {ObjectId, RunId} from '../model/brand.js'
import type {MethodsPolicy} from '../model/methods-policy.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {Journal} from '../ports/journal.js'
import type {Scratch} from '../ports/scratch.js'
import type {Source} from '../ports/source.js'
import type {Ui} from '../ports/ui.js'
import {runsCutOff} from './earlier-writes.js'
import {readPolicyGroups} from './members.js'

export interface ViewDeps {
  readonly journal: Journal
  readonly directory: Directory
  /** This machine's own. */
  openSource(scratch: Scratch): Promise<Source>
  openScratch(): Scratch
  readonly clock: Clock
  readonly ui: Ui
}

/** What is the same for all packages of a lot. */
export interface View {
  readonly source: Source
  readonly policy: MethodsPolicy
  readonly isMember: (group: string, user: ObjectId) => boolean
  readonly cutOff: readonly RunId[]
  readonly hashKey: Uint8Array
}

/** One view at a time is enough; for a moment, while one lot ends and the next begins, there may be two. */
export class Views {
  readonly #deps: ViewDeps
  readonly #signal: AbortSignal
  readonly #open = new Map<string, {readonly view: Promise<View & {close(): Promise<void>}>; users: number}>()

  constructor(deps: ViewDeps, signal: AbortSignal) {
    this.#deps = deps
    this.#signal = signal
  }

  /** Stays open at least until `leave`. */
  async use(tenantId: string, lot: string): Promise<{readonly view: View; leave(): void}> {
    for (const [other, {users}] of this.#open) if (other !== lot && users === 0) await this.#close(other)
    let entry = this.#open.get(lot)
    if (entry === undefined) {
      entry = {view: this.#read(tenantId, this.#signal), users: 0}
      this.#open.set(lot, entry)
    }
    const mine = entry
    mine.users += 1
    try {
      return {view: await mine.view, leave: () => void (mine.users -= 1)}
    } catch (error) {
      // The next one tries anew.
      if (this.#open.get(lot) === mine) this.#open.delete(lot)
      throw error
    }
  }

  async close(): Promise<void> {
    for (const lot of this.#open.keys()) await this.#close(lot)
  }

  async #close(lot: string): Promise<void> {
    const entry = this.#open.get(lot)
    this.#open.delete(lot)
    await entry?.view.then((view) => view.close()).catch(() => {})
  }

  async #read(tenantId: string, signal: AbortSignal): Promise<View & {close(): Promise<void>}> {
    const {journal, directory, clock, ui} = this.#deps
    const scratch = this.#deps.openScratch()
    let source: Source | undefined
    const close = async (): Promise<void> => {
      await source?.close()
      scratch.close()
    }
    try {
      source = await this.#deps.openSource(scratch)
      await source.describe(signal)
      for await (const _ of source.identities(signal)) signal.throwIfAborted()
      const policy = await directory.methodsPolicy(signal)
      const isMember = await readPolicyGroups(policy, {directory, scratch, ui: quiet(ui)}, signal)
      const cutOff = await runsCutOff(journal, tenantId, clock.now())
      return {source, policy, isMember, cutOff, hashKey: await journal.hashKey(), close}
    } catch (error) {
      await close()
      throw error
    }
  }
}

/** Progress is the leader's to show. */
export const quiet = (ui: Ui): Ui => ({
  emit: (event) => {
    if (event.type === 'warning' || event.type === 'note') ui.emit(event)
  },
  confirm: (question, flag) => ui.confirm(question, flag),
  ask: (question, flag, options) => ui.ask(question, flag, options),
})
