import {describe, expect, it} from 'vitest'
import {duration, paceSettings, quota} from '../../src/lib/config/pace-settings.js'

describe('the flags about pace', () => {
  it('are read as they are meant', () => {
    expect(
      paceSettings({
        tps: 50,
        'write-quota': '3000/150',
        'activation-quota': 'none',
        'max-duration': '1h30m',
        'max-wait': 20,
      }),
    ).toEqual({
      tps: 50,
      writeQuota: {count: 3000, windowMs: 150_000},
      activationQuota: 'none',
      maxDurationMs: 5_400_000,
      maxWaitMs: 20_000,
    })
  })

  it('leave the defaults where they are not given', () => {
    expect(Object.values(paceSettings({verbose: true}))).toEqual(Array.from({length: 5}))
  })

  it.each(['3000', '0/10', '10/0', '3000/', '-1/10', '1.5/10', '10 per minute', ''])(
    'refuse the quota "%s"',
    (text) => {
      expect(quota(text)).toHaveProperty('problem')
    },
  )

  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('take %s for %i ms', (text, ms) => {
    expect(duration(text)).toEqual({value: ms})
  })

  it.each(['', '0s', '2', '2 h', 'h', '2h x', '-2h', '1.5h', '2H'])('refuse the length "%s"', (text) => {
    expect(duration(text)).toHaveProperty('problem')
  })

  it('tell every fault at once, as wrong usage', () => {
    const read = (): unknown => paceSettings({'write-quota': 'lots', 'max-duration': 'soon'})
    expect(read).toThrow(/--write-quota: "lots".*\n.*--max-duration: "soon"/)
    expect(read).toThrow(expect.objectContaining({exit: 'usage'}) as Error)
  })
})
