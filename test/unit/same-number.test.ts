import {expect, it} from 'vitest'
import {sameNumber} from '../../src/lib/model/same-number.js'

it.each([
  ['+1 4255550100', '+1 4255550100', true],
  ['+1 4255550100', '+1 425-555-0100', true],
  ['+1 4255550100x22', '+14255550100 X22', true],
  ['+1 4255550100x22', '+1 (425) 555-0100 ext. 22', true],
  ['+1 4255550100', '+1 4255550100x22', false],
  ['+1 4255550100x22', '+1 42555501 00 x2', false],
  ['+1 4255550100', '+1 4255550101', false],
])('P5: %s and %s', (one, other, same) => {
  expect(sameNumber(one, other)).toBe(same)
  expect(sameNumber(other, one)).toBe(same)
})
