import {expect, it} from 'vitest'

import {createMetrics, type SyncNumbers} from '../../src/lib/monitor/sync-metrics.js'

const NUMBERS: SyncNumbers = {
  rounds: 3,
  skipped: 1,
  errors: 0,
  lastSeconds: 2.5,
  lastSuccess: undefined,
  lagSeconds: undefined,
  users: {in_sync: 6, pending: 0, failed: 1, unmatched: 2, disabled: 0},
  requests: new Map([
    ['200', 40],
    ['429', 2],
  ]),
  throttledSeconds: 1.5,
  certificateDays: undefined,
}

it('says nothing of what is not known yet, and counts anew at each asking', async () => {
  let numbers = NUMBERS
  const metrics = await createMetrics(async () => numbers)
  const first = await metrics()
  expect(first).toContain('mfa_sync_users{state="failed"} 1')
  expect(first).toContain('mfa_graph_requests_total{status="429"} 2')
  expect(first).toContain('mfa_graph_throttled_seconds_total 1.5')
  expect(first).not.toMatch(/lag|certificate|last_success/)
  numbers = {...NUMBERS, rounds: 4, lagSeconds: 7, lastSuccess: 1_800_000_000, certificateDays: 12}
  const second = await metrics()
  expect(second).toContain('mfa_sync_rounds_total 4')
  expect(second).toContain('mfa_sync_lag_seconds 7')
  expect(second).toContain('mfa_certificate_days_left 12')
})

it('has no users before a round went well here, and none any more once it stopped leading', async () => {
  let numbers: SyncNumbers = {...NUMBERS, users: undefined, lastSeconds: undefined, rounds: 0}
  const metrics = await createMetrics(async () => numbers)
  expect(await metrics()).not.toMatch(/^mfa_sync_(users\{|round_seconds)/m)
  numbers = {...NUMBERS, lagSeconds: 3}
  expect(await metrics()).toMatch(/^mfa_sync_users\{state="in_sync"\} 6$/m)
  numbers = {...NUMBERS, users: undefined, lastSeconds: undefined}
  expect(await metrics()).not.toMatch(/^mfa_sync_(users\{|round_seconds|lag)/m)
})
