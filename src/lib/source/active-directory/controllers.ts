import type {Clock} from '../../ports/clock.js'
import type {Connection} from './connection.js'
import {directoryFailure, type DirectoryFailure} from './failure.js'

/** Milliseconds before all domain controllers are tried once more. */
const ROUNDS = [0, 2000]

export interface ControllersOptions {
  readonly urls: readonly string[]
  readonly clock: Clock
  readonly warn: (text: string) => void
  readonly connect: (url: string, signal: AbortSignal) => Promise<Connection>
}

/**
 * Domain controllers of one directory: work goes to the first that can be reached and stays there. When it fails in
 * passing, the next one takes over and the same work is done there, which is safe because all of it is reading.
 */
export class Controllers {
  readonly #options: ControllersOptions
  #at = 0
  #connection: Connection | undefined

  constructor(options: ControllersOptions) {
    this.#options = options
  }

  /** Throws MfaError; a failure of all of them names each. What is refused for good is not tried elsewhere. */
  async use<T>(work: (connection: Connection) => Promise<T>, signal: AbortSignal): Promise<T> {
    const {urls, clock, warn} = this.#options
    const failures = new Map<string, DirectoryFailure>()
    for (const pause of ROUNDS) {
      if (pause > 0) await clock.sleep(pause, signal)
      for (let tried = 0; tried < urls.length; tried++) {
        const url = urls[this.#at] ?? ''
        try {
          return await work(await this.#connected(url, signal))
        } catch (error) {
          signal.throwIfAborted()
          if (error instanceof Error && error.name === 'MfaError') throw error
          const failure = directoryFailure(url, 'search', error)
          if (failure.kind === 'final') throw failure.toMfaError()
          failures.set(url, failure)
          await this.close()
          this.#at = (this.#at + 1) % urls.length
          if (urls.length > 1) warn(`${failure.message}; trying ${urls[this.#at]}`)
        }
      }
      if ([...failures.values()].every(({kind}) => kind === 'certificate')) break
    }
    throw together([...failures.values()])
  }

  async close(): Promise<void> {
    await this.#connection?.close()
    this.#connection = undefined
  }

  async #connected(url: string, signal: AbortSignal): Promise<Connection> {
    if (this.#connection?.alive !== true) {
      await this.close()
      this.#connection = await this.#options.connect(url, signal)
    }
    return this.#connection
  }
}

/** A certificate to be corrected comes before a machine that may only be away for a moment. */
function together(failures: readonly DirectoryFailure[]) {
  const first = failures.find(({kind}) => kind === 'certificate') ?? failures[0]
  if (first === undefined) throw new Error('no domain controller was tried')
  const others = failures.filter((failure) => failure !== first).map(({message}) => message)
  return first.toMfaError([first.message, ...others].join('; '))
}
