import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {generate} from '../generate.js'

const made = new Map()
let folder

/** A population on disk, made once in a process and removed by `removePopulations`. */
export async function population(count, options = {}) {
  const key = `${count} ${options.tenant ?? true}`
  folder ??= await mkdtemp(join(tmpdir(), 'mfa-bench-'))
  const known = made.get(key) ?? made.get(`${count} true`)
  if (known !== undefined) return known
  const files = await generate(count, join(folder, key.replace(' ', '-')), options)
  made.set(key, files)
  return files
}

/** A fresh folder that goes with the populations. */
export async function temporaryFolder(name) {
  folder ??= await mkdtemp(join(tmpdir(), 'mfa-bench-'))
  return mkdtemp(join(folder, `${name}-`))
}

export async function removePopulations() {
  if (folder !== undefined) await rm(folder, {recursive: true, force: true})
  folder = undefined
  made.clear()
}
