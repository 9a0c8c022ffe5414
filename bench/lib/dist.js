import {existsSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/** The built program, which is what is measured. */
const DIST = new URL('../../dist/', import.meta.url)

/** The built module of `src/lib/…` or any other file of `src`, by its path there without the ending. */
export async function built(path) {
  const file = new URL(`${path}.js`, DIST)
  if (!existsSync(file)) throw new Error(`${fileURLToPath(file)} is not there: npm run build`)
  return import(file.href)
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
