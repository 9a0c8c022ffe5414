import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {stat} from 'node:fs/promises'

/** SHA-256 in hex over names, lengths and bytes of these files; a file that is not there adds nothing. */
export async function fingerprintFiles(
  files: readonly {readonly name: string; readonly path: string}[],
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  for (const {name, path} of files) {
    const size = await stat(path).then(
      (info) => info.size,
      () => undefined,
    )
    if (size === undefined) continue
    hash.update(`${JSON.stringify(name)} ${size}\n`)
    const stream: AsyncIterable<Buffer> = createReadStream(path, {signal})
    for await (const chunk of stream) hash.update(chunk)
  }
  return hash.digest('hex')
}
