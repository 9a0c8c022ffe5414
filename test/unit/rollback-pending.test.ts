import {expect, it} from 'vitest'

import type {TenantChange} from '../../src/lib/changes/tenant-change.js'
import {inTenantRun} from '../../src/lib/changes/tenant-run.js'
import type {TenantRunKind} from '../../src/lib/ports/journal.js'
import {pendingUntil} from '../../src/lib/rollback/pending.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'

const HOUR = 3_600_000
const TENANT = 'tenant-1'

function world() {
  const clock = new FakeClock('2026-03-01T09:00:00.000Z')
  const journal = new MemoryJournal(clock, journalStore())
  const change = async (kind: TenantRunKind, what: Partial<TenantChange>, made?: Record<string, string>) => {
    const whole: TenantChange = {
      id: `${what.kind ?? 'change'} x`,
      kind: 'change',
      target: {id: 'x', name: 'x'},
      before: null,
      after: null,
      says: 'x',
      ...what,
    }
    const start = {kind, tenantId: TENANT, command: kind, options: {at: clock.now()}, consistencyMs: 0}
    const result = {outcome: {status: 'done' as const}, ...(made === undefined ? {} : {made})}
    await inTenantRun(start, {journal, clock}, new AbortController().signal, (run) =>
      run.mustApply(whole, {send: async () => result, shows: async () => ({})}),
    )
  }
  return {clock, change, pending: () => pendingUntil(journal, TENANT, clock.now())}
}

it.each([
  ['a domain was set back', 'rollback', {after: 'acceptIfMfaDoneByFederatedIdp'}, true],
  ['a domain was set to reject', 'federation', {after: 'rejectMfaByFederatedIdp'}, false],
  ['a rollout was switched off', 'rollout', {kind: 'set-rollout-enabled', after: {isEnabled: false}}, true],
  ['a rollout was switched on', 'rollout', {kind: 'set-rollout-enabled', after: {isEnabled: true}}, false],
  ['a group was taken out', 'rollout', {kind: 'remove-rollout-group'}, true],
  ['a group was put in', 'rollout', {kind: 'add-rollout-group', after: {policy: 'p'}}, false],
  ['a step on the server was confirmed', 'rollback', {kind: 'rollback-step', after: 'done'}, false],
] as const)('for a day after %s, Entra may ask: %s %j %s', async (_, kind, what, waits) => {
  const {clock, change, pending} = world()
  const isFederation = 'after' in what && JSON.stringify(what.after).endsWith('Idp"')
  await change(kind, what, isFederation ? {effectiveBy: '2026-03-02T09:00:00.000Z'} : undefined)
  clock.advance(23 * HOUR)
  expect(await pending()).toBe(waits ? '2026-03-02T09:00:00.000Z' : undefined)
  clock.advance(HOUR)
  expect(await pending()).toBeUndefined()
})

it('a domain that goes forward again waits for nothing', async () => {
  const {change, pending} = world()
  const made = {effectiveBy: '2026-03-02T09:00:00.000Z'}
  await change('federation', {kind: 'set-federation', after: 'acceptIfMfaDoneByFederatedIdp'}, made)
  expect(await pending()).toBe(made.effectiveBy)
  await change('federation', {kind: 'set-federation', after: 'rejectMfaByFederatedIdp'}, made)
  expect(await pending()).toBeUndefined()
})
