import {parseState} from './lib/config/parse-state.js'
import {copyState, type Copied} from './lib/state/copy-state.js'
import {openCopyEnd} from './lib/state/open-state.js'
import type {Wiring} from './wire.js'

/** `mfa state copy` */
export async function copyBetween(
  wired: Wiring,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<Copied> {
  const {clock, settings} = wired
  const place = (text: string, name: string) => {
    const value = parseState(text, name, process.cwd())
    return value.kind === 'sqlite'
      ? value
      : {...value, path: value.kind === 'folder' ? value.folder : settings.state.value.folder}
  }
  const [source, target] = [place(from, 'FROM'), place(to, 'TO')]
  const one = await openCopyEnd(source, 'from', {clock})
  try {
    const other = await openCopyEnd(target, 'to', {clock})
    try {
      return await copyState(one, other, signal)
    } finally {
      await other.close()
    }
  } finally {
    await one.close()
  }
}
