import fc from 'fast-check'
import {expect, it} from 'vitest'
import {FIRST_ADD_MAX, USERS_MAX} from '../../src/lib/rollout/rules.js'
import {nextWave, parseWaveSize, peopleInWave, roomInWave, schedule} from '../../src/lib/rollout/waves.js'

const ids = fc.uniqueArray(fc.uuid(), {maxLength: 400})
const sorted = (list: readonly string[]) => [...list].sort().map((id) => [id, id] as const)

/** Wave after wave until nobody is left, as advance does it. */
function waves(list: readonly string[], people: number, placed = new Set<string>(), from = 1): string[][] {
  const all: string[][] = []
  for (let wave = from; ; wave++) {
    const room = roomInWave(wave, people, placed.size)
    const next = [...nextWave(sorted(list), (id) => placed.has(id), room)]
    if (next.length === 0) return all
    for (const id of next) placed.add(id)
    all.push(next)
  }
}

it('puts everybody into exactly one wave, in waves of the size that was asked for', () => {
  fc.assert(
    fc.property(ids, fc.integer({min: 1, max: 500}), (list, people) => {
      const all = waves(list, people)
      expect(all.flat().toSorted()).toEqual([...list].sort())
      expect(all.map(({length}) => length)).toEqual(schedule(list.length, people))
      const [first = [], ...others] = all
      expect(first.length).toBe(Math.min(people, FIRST_ADD_MAX, list.length))
      expect(others.slice(0, -1).every(({length}) => length === people)).toBe(true)
      expect(others.every(({length}) => length > 0 && length <= people)).toBe(true)
    }),
  )
})

it('does not depend on the order in which the members are listed', () => {
  fc.assert(
    fc.property(ids, fc.integer({min: 1, max: 50}), fc.func(fc.integer()), (list, people, shuffle) => {
      const other = [...list].sort((a, b) => shuffle(a) - shuffle(b))
      expect(waves(other, people)).toEqual(waves(list, people))
    }),
  )
})

it('goes on where it was, wherever it was cut off', () => {
  fc.assert(
    fc.property(ids, fc.integer({min: 1, max: 50}), fc.nat({max: 400}), (list, people, cut) => {
      const whole = waves(list, people)
      const done = whole.flat().slice(0, Math.min(cut, list.length))
      const placed = new Set(done)
      // The wave that was cut off is finished first.
      let wave = 0
      let before = 0
      while (wave < whole.length && before + (whole[wave]?.length ?? 0) <= done.length)
        before += whole[wave++]?.length ?? 0
      const rest = whole[wave]?.slice(done.length - before) ?? []
      const finished = [...nextWave(sorted(list), (id) => placed.has(id), rest.length)]
      expect(finished).toEqual(rest)
      for (const id of finished) placed.add(id)
      expect(waves(list, people, placed, wave + 2)).toEqual(whole.slice(wave + 1))
    }),
  )
})

it('never puts more people in than a group may hold, nor more than 200 at first', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 3}),
      fc.integer({min: 1, max: 90_000}),
      fc.nat({max: 60_000}),
      (wave, people, placed) => {
        const room = roomInWave(wave, people, placed)
        expect(room).toBeGreaterThanOrEqual(0)
        expect(room).toBeLessThanOrEqual(people)
        expect(room).toBeLessThanOrEqual(wave === 1 ? FIRST_ADD_MAX : people)
        expect(room === 0 || placed + room <= USERS_MAX).toBe(true)
      },
    ),
  )
})

it.each([
  ['50', 412, 50],
  ['10%', 412, 42],
  ['10%', 3, 1],
  ['100%', 7, 7],
  ['0.5%', 1000, 5],
])('--wave %s of %i members is %i people', (text, members, people) => {
  expect(peopleInWave(parseWaveSize(text), members)).toBe(people)
})

it.each(['', '0', '0%', '101%', '-5', '1.5', 'ten', '5 %', '1e3'])('--wave %j is refused', (text) => {
  expect(() => parseWaveSize(text)).toThrow('--wave')
})
