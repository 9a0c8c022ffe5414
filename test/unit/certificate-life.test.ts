import {describe, expect, it} from 'vitest'

import {expiryWarning, lifeOf} from '../../src/lib/entra/auth/certificate-life.js'

const DAY = 86_400_000
const NOW = new Date('2026-03-01T12:00:00Z')
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY)
const dates = (left: number, from = -10) => ({notBefore: inDays(from), notAfter: inDays(left)})

describe('the life of a certificate', () => {
  it.each([
    [365, 'good', 365],
    [30.01, 'good', 30],
    [30, 'soon', 30],
    [1.99, 'soon', 1],
    [0.01, 'soon', 0],
    [0, 'soon', 0],
    [-0.01, 'expired', -1],
    [-400, 'expired', -400],
  ] as const)('%f days before its end: %s', (left, state, daysLeft) => {
    expect(lifeOf(dates(left), NOW)).toEqual({state, daysLeft})
  })

  it('has not begun before its beginning', () => {
    expect(lifeOf(dates(365, 0.01), NOW).state).toBe('not-yet-valid')
    expect(lifeOf(dates(365, 0), NOW).state).toBe('good')
  })
})

describe('the warning', () => {
  it.each([
    [30, 'on 2026-03-31 (in 30 days)'],
    [1.5, 'on 2026-03-03 (in 1 day)'],
    [0.25, 'on 2026-03-01 (in less than a day)'],
  ])('names the date and what is left: %f', (left, says) => {
    expect(expiryWarning('client.pfx', dates(left), NOW)).toBe(
      `the client certificate client.pfx expires ${says}; renew it in time: mfa app certificate rotate`,
    )
  })

  it.each([31, -1])('is not given with %i days left', (left) => {
    expect(expiryWarning('client.pfx', dates(left), NOW)).toBeUndefined()
  })
})
