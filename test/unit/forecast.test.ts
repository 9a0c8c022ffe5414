import {describe, expect, it} from 'vitest'
import {forecast} from '../../src/lib/migration/forecast.js'

const counts = {users: 1000, readsPerUser: 6, writes: 1800, activations: 200}
const writes = {count: 3000, seconds: 150}
const activations = {count: 200, seconds: 300}

describe('the forecast', () => {
  it('counts requests, and activations among the writes', () => {
    expect(forecast(counts, {})).toEqual({requests: 8000, writes: 2000, seconds: 0})
  })

  it.each([
    ['the write quota', {writes}, 100],
    ['the quota of activations, if it takes longer', {writes, activations}, 300],
    ['requests a second over all', {writes, requests: {count: 10, seconds: 1}}, 800],
    ['reading', {writes, reads: {count: 50, seconds: 1}}, 120],
  ])('takes as long as %s', (_name, rates, seconds) => {
    expect(forecast(counts, rates).seconds).toBe(seconds)
  })

  it('takes no time where there is nothing to do', () => {
    const nothing = {users: 0, readsPerUser: 6, writes: 0, activations: 0}
    expect(forecast(nothing, {writes, activations})).toEqual({requests: 0, writes: 0, seconds: 0})
  })
})
