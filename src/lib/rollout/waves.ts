import {MfaError} from '../errors/mfa-error.js'
import {FIRST_ADD_MAX, USERS_MAX} from './rules.js'

/** `--wave 50` or `--wave 10%`. */
export type WaveSize = {readonly count: number} | {readonly percent: number}

/** Throws MfaError `usage`. */
export function parseWaveSize(text: string): WaveSize {
  const [, digits, percent] = /^([0-9]{1,6}(?:\.[0-9]+)?)(%?)$/.exec(text.trim()) ?? []
  const value = Number(digits)
  if (percent === '%' && value > 0 && value <= 100) return {percent: value}
  if (percent === '' && Number.isInteger(value) && value > 0) return {count: value}
  throw new MfaError('BAD_WAVE', `--wave: "${text}" is neither a number of people nor a share of the group`, {
    exit: 'usage',
    fix: 'Give a number such as 50, or a share such as 10%.',
  })
}

/** People in a wave; a share is of the group as it was when the waves were set up, and at least one person. */
export const peopleInWave = (size: WaveSize, members: number): number =>
  'count' in size ? size.count : Math.max(1, Math.ceil((members * size.percent) / 100))

/** Documented limits: a group starts small, and holds so many at most. */
export function roomInWave(wave: number, people: number, placed: number): number {
  const wanted = wave === 1 ? Math.min(people, FIRST_ADD_MAX) : people
  return Math.max(0, Math.min(wanted, USERS_MAX - placed))
}

/**
 * The next wave: the first ones of those who are not placed yet, in the order of their object ids. So everybody's place depends
 * on who is in the group alone, not on the order in which Graph lists it; and a wave that was cut off goes on as it began.
 *
 * @param candidates in ascending order of the key
 */
export function* nextWave<T>(
  candidates: Iterable<readonly [string, T]>,
  isPlaced: (id: string) => boolean,
  room: number,
): Generator<T> {
  let taken = 0
  if (room <= 0) return
  for (const [id, candidate] of candidates) {
    if (isPlaced(id)) continue
    yield candidate
    taken += 1
    if (taken >= room) return
  }
}

/** The whole schedule, as it is if nobody comes or goes: how many people in each wave. */
export function schedule(members: number, people: number): readonly number[] {
  const waves: number[] = []
  for (let placed = 0; placed < members;) {
    const room = Math.min(roomInWave(waves.length + 1, people, placed), members - placed)
    if (room === 0) break
    waves.push(room)
    placed += room
  }
  return waves
}
