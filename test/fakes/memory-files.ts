import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {Files} from '../../src/lib/ports/files.js'

/** Files in a Map. */
export class MemoryFiles implements Files {
  readonly texts = new Map<string, string>()
  /** Readers that were begun and not ended. */
  open = 0

  async write(path: string, chunks: Iterable<string> | AsyncIterable<string>): Promise<void> {
    let text = ''
    for await (const chunk of chunks) text += chunk
    this.texts.set(path, text)
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.texts.delete(path)
  }

  async move(from: string, to: string): Promise<void> {
    this.texts.set(to, this.text(from))
    this.texts.delete(from)
  }

  async *lines(path: string): AsyncGenerator<string> {
    const text = this.texts.get(path)
    if (text === undefined) throw new MfaError('NO_FILE', `${path}: no such file`, {exit: 'data'})
    this.open += 1
    try {
      const lines = text.split(/\r?\n/)
      if (lines.at(-1) === '') lines.pop()
      yield* lines
    } finally {
      this.open -= 1
    }
  }

  text(path: string): string {
    return this.texts.get(path) ?? ''
  }
}
