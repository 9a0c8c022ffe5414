// A process that wants a lock: says `ready`, waits for a line, tries, says how it went and holds until it is told to end.
import {createInterface} from 'node:readline'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {openState} from '../../src/lib/state/open-state.js'

const [path = '', name = 'tenant'] = process.argv.slice(2)
const clock = {now: () => new Date(), monotonic: () => performance.now(), sleep: async () => {}}
const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
console.log('ready')
await lines.next()
const state = await openState({kind: 'folder', path}, {clock})
try {
  const lock = await state.journal.lock(name, 'mfa migrate')
  console.log('won')
  await lines.next()
  await lock.release()
} catch (error) {
  console.log(error instanceof MfaError ? error.exit : String(error))
}
await state.close()
process.exit(0)
