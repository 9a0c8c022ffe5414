import {expect, it} from 'vitest'

import {createOutput} from '../../src/lib/terminal/output.js'

/** What stands on the terminal after `say`. */
function shown(say: (out: ReturnType<typeof createOutput>) => void): string {
  let text = ''
  say(createOutput({json: false, width: 24, color: false, write: (piece) => (text += piece)}))
  return text
}

it('breaks prose between words, and indents what goes on', () => {
  expect(shown((out) => out.prose('Start the service and look at its log.'))).toBe(
    'Start the service and\nlook at its log.\n',
  )
  expect(shown((out) => out.prose('[ ] Start the service and look at its log.', 4))).toBe(
    '[ ] Start the\n    service and look at\n    its log.\n',
  )
})

it('breaks no line that scripts look for', () => {
  expect(shown((out) => out.line('Start the service and look at its log.'))).toBe(
    'Start the service and look at its log.\n',
  )
})
