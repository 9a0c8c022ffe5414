import {styleText} from 'node:util'
import type {Clock} from '../ports/clock.js'
import {printable} from '../model/printable.js'
import {cut, displayWidth} from './display-width.js'

/** Milliseconds between two redraws of the line on a terminal. */
const REDRAW = 100
/** Milliseconds between two plain lines, unless a tenth of the way was made. */
const PLAIN = 10_000
/** Milliseconds that the rate looks back. */
const WINDOW = 30_000
const CLEAR_LINE = '\r\u001b[2K'

export interface ProgressOptions {
  readonly write: (text: string) => void
  /** One line that is redrawn; else plain lines. */
  readonly live: boolean
  readonly width: () => number
  readonly color: boolean
  readonly clock: Clock
}

interface Phase {
  readonly name: string
  readonly began: number
  done: number
  total: number | undefined
  /** When it was last shown; undefined before the first time. */
  shown: number | undefined
  shownDone: number
  samples: {readonly at: number; readonly done: number}[]
}

/** Shows how far the current phase is. */
export class Progress {
  readonly #options: ProgressOptions
  #phase: Phase | undefined
  #drawn = false

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  update(name: string, done: number, total: number | undefined): void {
    const now = this.#options.clock.monotonic()
    if (this.#phase?.name !== name) {
      this.end()
      this.#phase = {
        name,
        began: now,
        done,
        total,
        shown: undefined,
        shownDone: 0,
        samples: [{at: now, done}],
      }
    }
    const phase = this.#phase
    phase.done = done
    phase.total = total
    sample(phase, now)
    if (this.#isDue(phase, now)) this.#show(phase, now)
  }

  /** The end of a phase, or of the only one there is; a terminal's line disappears, a plain end is told. */
  end(name?: string): void {
    const phase = this.#phase
    if (phase === undefined || (name !== undefined && phase.name !== name)) return
    this.#phase = undefined
    if (this.#options.live) return this.clear()
    if (phase.shownDone === phase.done && phase.shown !== undefined) return
    this.#options.write(`${plainLine(phase, this.#options.clock.monotonic())}\n`)
  }

  /** Takes the line off the terminal so that something else can be written there. */
  clear(): void {
    if (!this.#drawn) return
    this.#options.write(CLEAR_LINE)
    this.#drawn = false
  }

  /** Puts the line back after something else was written. */
  redraw(): void {
    if (this.#options.live && this.#phase?.shown !== undefined)
      this.#show(this.#phase, this.#options.clock.monotonic())
  }

  #isDue(phase: Phase, now: number): boolean {
    if (phase.shown === undefined) return true
    if (this.#options.live) return now - phase.shown >= REDRAW
    if (now - phase.shown >= PLAIN) return true
    const tenth = (phase.total ?? 0) / 10
    return tenth > 0 && Math.floor(phase.done / tenth) > Math.floor(phase.shownDone / tenth)
  }

  #show(phase: Phase, now: number): void {
    phase.shown = now
    phase.shownDone = phase.done
    if (this.#options.live) {
      // One column stays free: some consoles wrap when the last one is written.
      const line = liveLine(phase, now, this.#options.width() - 1, this.#options.color)
      this.#options.write(CLEAR_LINE + line)
      this.#drawn = true
    } else this.#options.write(`${plainLine(phase, now)}\n`)
  }
}

function sample(phase: Phase, now: number): void {
  const {samples} = phase
  const last = samples.at(-1)
  if (last !== undefined && now - last.at < 250) return
  samples.push({at: now, done: phase.done})
  while (samples.length > 2 && now - (samples[1]?.at ?? now) > WINDOW) samples.shift()
}

/** Parts a second over the last half minute; undefined as long as nothing can be said. */
function rateOf(phase: Phase, now: number): number | undefined {
  const first = phase.samples[0]
  if (first === undefined || now - first.at < 250) return undefined
  return ((phase.done - first.done) / (now - first.at)) * 1000
}

function facts(phase: Phase, now: number): readonly string[] {
  const {done, total} = phase
  const rate = rateOf(phase, now)
  const list = [total === undefined ? count(done) : `${count(done)}/${count(total)}`]
  if (rate !== undefined && rate > 0) list.push(`${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))}/s`)
  if (rate !== undefined && rate > 0 && total !== undefined && done < total)
    list.push(`${duration(((total - done) / rate) * 1000)} left`)
  return list
}

function plainLine(phase: Phase, now: number): string {
  const percent =
    phase.total === undefined || phase.total === 0 ? '' : ` ${Math.floor((phase.done / phase.total) * 100)} %`
  return `${printable(phase.name)}:${percent} ${facts(phase, now).join(', ')}`
}

function liveLine(phase: Phase, now: number, width: number, color: boolean): string {
  const name = printable(phase.name)
  const told = facts(phase, now).join('  ')
  const room = Math.min(30, width - displayWidth(name) - displayWidth(told) - 4)
  if (phase.total === undefined || room < 8) return cut(`${name}  ${told}`, width)
  const share = phase.total === 0 ? 1 : Math.min(1, phase.done / phase.total)
  const filled = Math.round(share * room)
  const bar = '█'.repeat(filled)
  const rest = '░'.repeat(room - filled)
  return `${name}  ${color ? styleText('green', bar, {validateStream: false}) : bar}${rest}  ${told}`
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
