import type {SeenOperation} from '../../src/lib/sandbox/engine.js'

/** After how many operations of which kind something happens. */
export interface Trigger {
  readonly after: number
  readonly of: 'writes' | 'operations'
}

export interface Figures {
  readonly operations: number
  readonly faults: Readonly<Record<string, number>>
  /** Changes that happened. */
  readonly written: number
}

/** Stands in the sandbox: keeps what was written to whom, counts what went wrong, and pulls the trigger. */
export class Watcher {
  #operations = 0
  #written = 0
  readonly #faults: Record<string, number> = {}
  readonly #times = new Map<string, number>()
  #armed: {left: number; readonly of: Trigger['of']; readonly fire: () => void} | undefined

  readonly onOperation = (seen: SeenOperation): void => {
    this.#operations += 1
    if (seen.mishap !== undefined) this.#faults[seen.mishap] = (this.#faults[seen.mishap] ?? 0) + 1
    if (seen.writes && seen.status !== undefined && seen.status < 300) {
      this.#written += 1
      const target = targetOf(seen)
      if (target !== undefined) this.#times.set(target, (this.#times.get(target) ?? 0) + 1)
    }
    if (this.#armed !== undefined && (this.#armed.of === 'operations' || seen.writes)) {
      this.#armed.left -= 1
      if (this.#armed.left === 0) {
        const {fire} = this.#armed
        this.#armed = undefined
        fire()
      }
    }
  }

  /** Calls `fire` in the middle of that operation: it has happened, nobody was answered. Once; replaces what was armed. */
  arm({after, of}: Trigger, fire: () => void): void {
    this.#armed = {left: after, of, fire}
  }

  disarm(): void {
    this.#armed = undefined
  }

  /** What was made, assigned, activated or deleted more than once. */
  twice(): readonly string[] {
    return [...this.#times].filter(([, times]) => times > 1).map(([target, times]) => `${times} × ${target}`)
  }

  forgetTargets(): void {
    this.#times.clear()
  }

  figures(): Figures {
    return {operations: this.#operations, faults: {...this.#faults}, written: this.#written}
  }
}

/** Of a write that must not happen twice: what it makes or takes away. A PATCH may. */
function targetOf({method, path, body}: SeenOperation): string | undefined {
  if (method === 'PATCH') return undefined
  const {phoneType, serialNumber, device} = (body ?? {}) as {
    readonly phoneType?: string
    readonly serialNumber?: string
    readonly device?: {readonly id: string}
  }
  return `${method} ${path} ${phoneType ?? serialNumber ?? device?.id ?? ''}`.trimEnd()
}
