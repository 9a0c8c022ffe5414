import {expect, test} from 'vitest'

import {happened, pastChanges} from '../../src/lib/changes/past-changes.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import type {Campaign, PassSealing, TemporaryPasses} from '../../src/lib/ports/sign-in-help.js'
import {setCampaign} from '../../src/lib/readiness/campaign.js'
import {issuePasses} from '../../src/lib/readiness/issue-passes.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeCampaigns, FakePasses} from '../fakes/fake-sign-in-help.js'
import {MemoryFiles} from '../fakes/memory-files.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {FakeUi} from '../fakes/ui.js'
import {collect} from '../helpers/collect.js'

const {signal} = new AbortController()
const WRITES: ReadonlySet<string | symbol> = new Set(['beginRun', 'intent', 'outcome', 'endRun'])
const UNTOUCHED: Campaign = {
  state: 'default',
  snoozeDays: 1,
  include: [{id: 'all_users', targetType: 'group', method: 'microsoftAuthenticator'}],
  exclude: [],
}

/** A process that ends at its nth step: before or after an entry into the journal, before or after a write to the tenant. */
function processOf(nth: number | undefined, journal: Journal) {
  let steps = 0
  let dead = false
  const step = (): void => {
    if (dead) throw new Error('killed')
    steps += 1
    if (steps === nth) dead = true
    if (dead) throw new Error('killed')
  }
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    step()
    const result = await work()
    step()
    return result
  }
  const killed = new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        const call = (): unknown => Reflect.apply(value, target, args)
        return WRITES.has(name) ? around(async () => call()) : call()
      }
    },
  })
  return {journal: killed, around, isDead: () => dead}
}

function world() {
  const clock = new FakeClock()
  const store = journalStore()
  const campaigns = new FakeCampaigns(UNTOUCHED)
  const passes = new FakePasses()
  const files = new MemoryFiles()
  const past = () => collect(pastChanges(new MemoryJournal(clock, store), 'tenant-1', ['readiness']))
  const directory = {
    tenantId: () => Promise.resolve('tenant-1'),
    findGroup: () => Promise.resolve({id: 'g' as ObjectId, displayName: 'G', isDynamic: false}),
    findUser: (name: string) =>
      Promise.resolve({
        id: name as ObjectId,
        userPrincipalName: `${name}@contoso.com`,
        accountEnabled: true,
        isGuest: false,
      }),
    async *members() {
      yield []
    },
  }
  const start = (nth?: number) => {
    const made = processOf(nth, new MemoryJournal(clock, store))
    const base = {directory, journal: made.journal, clock, ui: new FakeUi()}
    return {...made, base}
  }
  return {store, campaigns, passes, files, past, start}
}

const COMMON = {yes: true, consistencyMs: 5000, logFile: undefined}
/** More than there are steps. */
const STEPS = Array.from({length: 12}, (_, n) => n + 1)

test.each(STEPS)(
  'the campaign, killed at step %i: the same command brings it to its end, written once',
  async (nth) => {
    const {store, campaigns, past, start} = world()
    const run = async (killedAt?: number) => {
      const {base, around, isDead} = start(killedAt)
      const killed = {
        read: () => campaigns.read(),
        write: (campaign: Campaign) => around(() => campaigns.write(campaign)),
      }
      const request = {
        ...COMMON,
        group: 'G',
        off: false,
        snoozeDays: undefined,
        dryRun: false,
        preview: () => {},
      }
      const ended = await setCampaign(request, {...base, campaigns: killed}, signal).catch(
        (error: unknown) => {
          if (!isDead()) throw error
        },
      )
      store.locks.clear()
      return ended
    }
    await run(nth)
    await run()
    expect([campaigns.writes, campaigns.now?.state]).toEqual([1, 'enabled'])
    const changes = await past()
    expect(changes.filter(happened).length).toBeGreaterThan(0)
    expect(changes.every(({change}) => JSON.stringify(change.before) === JSON.stringify(UNTOUCHED))).toBe(
      true,
    )
    expect([...store.runs.values()].every(({status}) => status === 'finished' || status === 'stopped')).toBe(
      true,
    )
  },
)

test.each(STEPS)(
  'a pass, killed at step %i: no user has two, and none is passed over in silence',
  async (nth) => {
    const {store, passes, files, start} = world()
    const sealing: PassSealing = {
      mustTake: () => {},
      seal: (all) => Promise.resolve(all.map(({issued}) => issued.id).join(' ')),
    }
    const run = async (out: string, killedAt?: number, replace = false) => {
      const {base, around, isDead} = start(killedAt)
      const killed = {
        policy: () => passes.policy(),
        of: (user: ObjectId) => passes.of(user),
        issue: (...args: Parameters<FakePasses['issue']>) =>
          around<Awaited<ReturnType<TemporaryPasses['issue']>>>(() => passes.issue(...args)),
        remove: (...args: Parameters<FakePasses['remove']>) => around(() => passes.remove(...args)),
      }
      const deps = {...base, passes: killed, sealing, files, now: () => new Date('2026-03-01T09:00:00Z')}
      const request = {
        ...COMMON,
        users: ['ann'],
        lifetimeMinutes: 60,
        isUsableOnce: undefined,
        startsAt: undefined,
        recipients: ['age1'],
        out,
        replace,
      }
      const ended = await issuePasses(request, deps, signal).then(
        () => 'issued',
        (error: {code?: string}) => (isDead() ? 'killed' : error.code),
      )
      store.locks.clear()
      return ended
    }
    const first = await run('one.age', nth)
    const isSafe = files.text('one.age') === passes.held.get('ann' as ObjectId)?.id
    const again = await run('two.age')
    // Issued and sealed, or to be had again; what is neither is said.
    expect(again).toBe(
      passes.posts === 1 && first === 'killed' && files.text('two.age') !== '' ? 'issued' : 'TAP_EXISTS',
    )
    expect(await run('three.age', undefined, true)).toBe('issued')
    expect(files.text('three.age')).toBe(passes.held.get('ann' as ObjectId)?.id)
    expect(passes.held.size).toBe(1)
    expect(passes.posts).toBe(2)
    expect(isSafe || first === 'killed').toBe(true)
  },
)
