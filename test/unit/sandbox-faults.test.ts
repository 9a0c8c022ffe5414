import {describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {createDice, parseFaults} from '../../src/lib/sandbox/faults.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import {matchingStep, totpAt} from '../../src/lib/sandbox/totp.js'

describe('faults from a flag', () => {
  it('reads every kind', () => {
    expect(
      parseFaults(
        'throttle=0.1, bareThrottle=0.02,retryAfter=3,error=0.05,lost=0.02,reset=0.01,slow=0.2,delay=20,writesPerSecond=10,consistency=2000,seed=7,failUser=a@contoso.com,failUser=b@contoso.com',
      ),
    ).toEqual({
      throttle: 0.1,
      bareThrottle: 0.02,
      retryAfter: 3,
      error: 0.05,
      lost: 0.02,
      reset: 0.01,
      slow: 0.2,
      delay: 20,
      writesPerSecond: 10,
      consistency: 2000,
      seed: 7,
      failUser: ['a@contoso.com', 'b@contoso.com'],
    })
    expect(parseFaults('')).toEqual({})
  })

  it('names every part that it cannot read', () => {
    let thrown: unknown
    try {
      parseFaults('throttle=2,delay=5,eror=0.1,lost,failUser=')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(MfaError)
    expect(thrown).toMatchObject({
      exit: 'usage',
      message: 'faults: "throttle=2", "eror=0.1", "lost", "failUser=" cannot be read',
    })
  })
})

describe('dice', () => {
  const throws = (faults: Faults): (string | undefined)[] => {
    const dice = createDice(faults)
    return Array.from({length: 5000}, () => dice.next())
  }

  it('falls the same way for the same seed, another way for another', () => {
    const faults = {throttle: 0.1, error: 0.1, seed: 5}
    expect(throws(faults)).toEqual(throws(faults))
    expect(throws(faults)).not.toEqual(throws({...faults, seed: 6}))
  })

  it('keeps to the rates', () => {
    const found = throws({throttle: 0.2, lost: 0.1, seed: 3})
    const share = (kind: string): number => found.filter((each) => each === kind).length / found.length
    expect(share('throttle')).toBeGreaterThan(0.17)
    expect(share('throttle')).toBeLessThan(0.23)
    expect(share('lost')).toBeGreaterThan(0.06)
    expect(share('lost')).toBeLessThan(0.1)
    expect(share('error')).toBe(0)
    expect(throws({}).every((each) => each === undefined)).toBe(true)
  })
})

describe('codes', () => {
  // The keys of RFC 6238, appendix B, in Base32; its codes, cut to six digits.
  const sha1 = {secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', interval: 30, hash: 'hmacsha1'} as const
  const sha256 = {
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA',
    interval: 30,
    hash: 'hmacsha256',
  } as const

  it.each([
    [59, '287082', '119246'],
    [1_111_111_109, '081804', '084774'],
    [20_000_000_000, '353130', '737706'],
  ])('at second %i', (second, one, two) => {
    expect([totpAt(sha1, Math.floor(second / 30)), totpAt(sha256, Math.floor(second / 30))]).toEqual([
      one,
      two,
    ])
  })

  it('fit one step to either side, and once', () => {
    const now = new Date(59_000)
    expect([0, 1, 2, 3].map((step) => matchingStep(sha1, totpAt(sha1, step), now, -1))).toEqual([
      0,
      1,
      2,
      undefined,
    ])
    expect(matchingStep(sha1, totpAt(sha1, 1), now, 1)).toBeUndefined()
  })
})
