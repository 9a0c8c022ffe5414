// A process that wants a lock: says `ready`, waits for a line, tries, says how it went and holds until it is told to end.
import {createInterface} from 'node:readline'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {openState} from '../../src/lib/state/open-state.js'

const [path = '', name = 'tenant'] = process.argv.slice(2)
const clock = {now: () => new Date(), monotonic: () => performance.now(), sleep: async () => {}}
const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
process.stdout.write('ready\n')
await lines.next()
const state = await openState({kind: 'folder', path}, {clock})
try {
  const lock = await state.journal.lock(name, 'mfa migrate')
  process.stdout.write('won\n')
  await lines.next()
  await lock.release()
} catch (error) {
  process.stdout.write(`${error instanceof MfaError ? error.exit : String(error)}\n`)
}
await state.close()
process.exit(0)
