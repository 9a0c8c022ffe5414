// A process to be killed: plays a script on the state given, and says after each step that it is on the disk.
import {writeSync} from 'node:fs'
import {openState} from '../../src/lib/state/open-state.js'
import {FakeClock} from '../fakes/clock.js'
import {player, scriptOf} from './journal-script.js'

const [path = '', seed = '1', length = '100'] = process.argv.slice(2)
const {journal} = await openState({kind: 'folder', path}, {clock: new FakeClock()})
const play = player(journal)
for (const [index, step] of scriptOf(Number(seed), Number(length)).entries()) {
  await play(step, index)
  writeSync(1, `${index + 1}\n`)
}
writeSync(1, 'end\n')
await new Promise((resolve) => setTimeout(resolve, 60_000))
