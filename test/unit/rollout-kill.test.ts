import {expect, test} from 'vitest'
import type {Journal} from '../../src/lib/ports/journal.js'
import {happened, pastChanges} from '../../src/lib/changes/past-changes.js'
import {
  advance,
  add,
  change,
  PILOT,
  type RolloutWorld,
  rolloutWorld,
  sendBack,
  start,
} from '../helpers/rollout-world.js'

const NAMES = Array.from({length: 47}, (_, n) => `u${String(n).padStart(2, '0')}`)
const WRITES: ReadonlySet<string | symbol> = new Set(['beginRun', 'intent', 'outcome', 'endRun'])

/** Ends the process at its nth step: an entry into the journal or a request, each before and after it happened. */
function killAt(at: RolloutWorld, nth: number) {
  let steps = 0
  let dead = false
  const alive = (): void => {
    if (dead) throw new Error('killed')
  }
  const step = (): void => {
    alive()
    steps += 1
    if (steps === nth) dead = true
    alive()
  }
  const journal: Journal = new Proxy(at.journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (!WRITES.has(name)) {
          alive()
          return Reflect.apply(value, target, args)
        }
        const run = async (): Promise<unknown> => {
          step()
          const result: unknown = await Reflect.apply(value, target, args)
          step()
          return result
        }
        return run()
      }
    },
  })
  at.tenant.onRead = alive
  at.tenant.onWrite = step
  return {
    journal,
    steps: () => steps,
    revive: () => {
      at.tenant.onRead = () => {}
      at.tenant.onWrite = () => {}
      // What the next process does with the lock of a dead one.
      at.store.locks.clear()
    },
  }
}

/** Everything that has to be the same, whatever happened on the way. */
async function endOf(at: RolloutWorld) {
  const open: string[] = []
  const done = new Set<string>()
  for await (const past of pastChanges(at.journal, 'tenant-1', ['rollout']))
    if (happened(past)) done.add(past.change.id)
    else open.push(past.change.id)
  return {
    tenant: at.tenant.state(),
    changes: at.tenant.changes.toSorted(),
    open: open.filter((id) => !done.has(id)),
    statuses: [...new Set([...at.store.runs.values()].map(({status}) => status))],
  }
}

const ACCEPT = {accept: ['onprem-mfa']}

const DAY = 86_400_000

async function beforeAdvance(at: RolloutWorld): Promise<void> {
  await start(at, {size: '22', everyMs: DAY})
  at.clock.advance(DAY)
}

/** What was so before, and the command that is killed. */
const COMMANDS: readonly (readonly [
  name: string,
  before: (at: RolloutWorld) => Promise<unknown>,
  command: (at: RolloutWorld, journal?: Journal) => Promise<unknown>,
])[] = [
  ['create', async () => {}, (at, journal) => change(at, {action: 'create', isEnabled: true}, {}, journal)],
  [
    'add-group',
    async () => {},
    (at, journal) => change(at, {action: 'add-group', group: 'Pilot'}, {}, journal),
  ],
  [
    'remove-group',
    (at) => add(at),
    (at, journal) => change(at, {action: 'remove-group', group: PILOT}, ACCEPT, journal),
  ],
  ['disable', (at) => add(at), (at, journal) => change(at, {action: 'disable'}, ACCEPT, journal)],
  ['delete', (at) => add(at), (at, journal) => change(at, {action: 'delete'}, ACCEPT, journal)],
  ['add-group --wave', async () => {}, (at, journal) => start(at, {size: '45'}, journal)],
  [
    'remove-group --user',
    (at) => start(at, {size: '3'}),
    (at, journal) => sendBack(at, ['u00@contoso.com', 'u02@contoso.com'], ['onprem-mfa'], journal),
  ],
  ['advance', beforeAdvance, (at, journal) => advance(at, {}, journal)],
]

test.each(COMMANDS)(
  '%s killed at any step, and run again, ends as if nothing had happened',
  async (_, before, command) => {
    const whole = rolloutWorld(NAMES)
    await before(whole)
    const counting = killAt(whole, Number.MAX_SAFE_INTEGER)
    await command(whole, counting.journal)
    counting.revive()
    const end = await endOf(whole)
    expect(end).toMatchObject({open: [], statuses: ['finished']})
    expect(counting.steps()).toBeGreaterThan(6)
    for (let nth = 1; nth <= counting.steps(); nth++) {
      const at = rolloutWorld(NAMES)
      await before(at)
      const kill = killAt(at, nth)
      await expect(command(at, kill.journal)).rejects.toThrow('killed')
      kill.revive()
      const again = await command(at).then(
        () => undefined,
        (error: unknown) => error,
      )
      expect({nth, again}).toEqual({nth, again: undefined})
      expect({nth, ...(await endOf(at))}).toMatchObject({nth, ...end})
    }
  },
)
