import {PassThrough} from 'node:stream'
import {describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {duration} from '../../src/lib/terminal/progress.js'
import {terminalFacts} from '../../src/lib/terminal/terminal-facts.js'
import {
  createTerminalUi,
  type TerminalUi,
  type TerminalUiOptions,
} from '../../src/lib/terminal/terminal-ui.js'
import {FakeClock} from '../fakes/clock.js'

const CLEAR = '\r\u001b[2K'

interface Setup {
  readonly ui: TerminalUi
  readonly clock: FakeClock
  readonly stdin: PassThrough & {isTTY?: boolean}
  /** What was written since the last call. */
  written(): string
}

function setup(options: Partial<TerminalUiOptions> & {readonly inputTty?: boolean} = {}): Setup {
  const clock = new FakeClock()
  const stderr = new PassThrough()
  const stdin: PassThrough & {isTTY?: boolean} = new PassThrough()
  stdin.isTTY = options.inputTty ?? false
  const {inputTty: _inputTty, ...rest} = options
  const ui = createTerminalUi({
    stderr,
    stdin,
    isTty: false,
    width: 60,
    color: false,
    json: false,
    clock,
    ...rest,
  })
  return {ui, clock, stdin, written: () => String(stderr.read() ?? '')}
}

const progress = (done: number, total?: number) =>
  ({type: 'progress', phase: 'Writing', done, total}) as const

describe('progress elsewhere than on a terminal', () => {
  test('is a plain line each tenth of the way, and the end', () => {
    const {ui, clock, written} = setup()
    for (let done = 0; done <= 500; done++) {
      ui.emit(progress(done, 500))
      clock.advance(10)
    }
    ui.emit({type: 'phase-end', phase: 'Writing'})
    const lines = written().split('\n')
    expect(lines).toHaveLength(12)
    expect(lines[0]).toBe('Writing: 0 % 0/500')
    expect(lines[5]).toBe('Writing: 50 % 250/500, 100/s, 3 s left')
    expect(lines[10]).toBe('Writing: 100 % 500/500, 100/s')
  })

  test('is a plain line every ten seconds where it goes slowly, and never more', () => {
    const {ui, clock, written} = setup()
    for (let done = 0; done < 100; done++) {
      ui.emit(progress(done))
      clock.advance(1000)
    }
    expect(written().trimEnd().split('\n')).toHaveLength(10)
    ui.emit({type: 'phase-end', phase: 'Writing'})
    expect(written()).toBe('Writing: 99, 1.0/s\n')
  })

  test('no control sequence, ever', () => {
    const {ui, written} = setup()
    ui.emit({type: 'progress', phase: 'Reading \u001b[2J', done: 1, total: 2})
    ui.emit({type: 'note', text: 'a \u0007 note'})
    ui.emit({type: 'warning', text: 'user \u001b[31m'})
    ui.close()
    expect(written()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })
})

describe('progress on a terminal', () => {
  test('is one line with a bar, rate and time left, gone at the end', () => {
    const {ui, clock, written} = setup({isTty: true})
    ui.emit(progress(0, 400))
    clock.advance(1000)
    ui.emit(progress(100, 400))
    const bar = `${'█'.repeat(6)}${'░'.repeat(18)}`
    expect(written().split(CLEAR)[2]).toBe(`Writing  ${bar}  100/400  100/s  3 s left`)
    ui.emit({type: 'phase-end', phase: 'Writing'})
    expect(written()).toBe(CLEAR)
    ui.close()
    expect(written()).toBe('')
  })

  test('is redrawn at most ten times a second', () => {
    const {ui, clock, written} = setup({isTty: true})
    for (let done = 0; done < 1000; done++) {
      ui.emit(progress(done, 1000))
      clock.advance(2)
    }
    expect(written().split(CLEAR).length - 1).toBe(20)
  })

  test('makes room for a note and comes back', () => {
    const {ui, written} = setup({isTty: true})
    ui.emit(progress(1, 4))
    const line = written()
    ui.emit({type: 'note', text: 'the group has 4 users'})
    expect(written()).toBe(`${CLEAR}the group has 4 users\n${line}`)
  })

  test.each([10, 25, 40, 200])('stays on one line of %i columns', (width) => {
    const {ui, clock, written} = setup({isTty: true, width})
    for (let done = 0; done < 5000; done += 500) {
      ui.emit({type: 'progress', phase: 'Schreiben für 日本語 users', done, total: 123_456})
      clock.advance(500)
    }
    for (const line of written().split(CLEAR)) expect([...line].length).toBeLessThan(width)
  })
})

describe('warnings', () => {
  test('are printed and kept, each once', () => {
    const {ui, written} = setup()
    for (const text of ['one', 'two', 'one']) ui.emit({type: 'warning', text})
    expect(ui.warnings).toEqual(['one', 'two'])
    expect(written()).toBe('warning: one\nwarning: two\n')
  })

  test('with --json they are kept for the result only', () => {
    const {ui, written} = setup({json: true})
    ui.emit({type: 'warning', text: 'one'})
    expect(ui.warnings).toEqual(['one'])
    expect(written()).toBe('')
  })

  test('may have colour', () => {
    const {ui, written} = setup({color: true})
    ui.emit({type: 'warning', text: 'one'})
    expect(written()).toBe('\u001b[33mwarning:\u001b[39m one\n')
  })
})

describe('questions', () => {
  test.each([
    ['no terminal at all', {isTty: false, inputTty: false}],
    ['only stderr is one', {isTty: true, inputTty: false}],
    ['only stdin is one', {isTty: false, inputTty: true}],
  ])('%s: a usage error that names the flag', async (_name, options) => {
    const {ui, written} = setup(options)
    const isUsage = (error: unknown): boolean =>
      error instanceof MfaError && error.exit === 'usage' && error.fix === 'Give --yes.'
    await expect(ui.confirm('Write 12 changes?', '--yes')).rejects.toSatisfy(isUsage)
    await expect(ui.ask('Password', '--yes', {hidden: true})).rejects.toSatisfy(isUsage)
    expect(written()).toBe('')
  })

  const answer = async (keys: string, ask: (ui: TerminalUi) => Promise<unknown>): Promise<unknown> => {
    const {ui, stdin, written} = setup({isTty: true, inputTty: true})
    const asked = ask(ui)
    asked.catch(() => {})
    while (!written().includes('?')) await new Promise((resolve) => setTimeout(resolve, 5))
    stdin.write(keys)
    return asked
  }

  test.each([
    ['y\n', true],
    ['yes\n', true],
    ['n\n', false],
    ['\n', false],
  ])('%j to a confirmation is %s', async (keys, expected) => {
    expect(await answer(keys, (ui) => ui.confirm('Write 12 changes?', '--yes'))).toBe(expected)
  })

  test('a line of text comes back as typed', async () => {
    expect(await answer('anna@contoso.com\n', (ui) => ui.ask('User name?', '--user'))).toBe(
      'anna@contoso.com',
    )
  })

  test('Ctrl-C is an interruption, not a failure', async () => {
    const pressed = answer('\u0003', (ui) => ui.confirm('Write 12 changes?', '--yes'))
    await expect(pressed).rejects.toSatisfy(
      (error) => error instanceof MfaError && error.exit === 'interrupted',
    )
  })

  test('a hidden answer is not echoed', async () => {
    const {ui, stdin, written} = setup({isTty: true, inputTty: true})
    const asked = ui.ask('Password?', 'MFA_SOURCE_PASSWORD', {hidden: true})
    let seen = ''
    while (!seen.includes('?')) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      seen += written()
    }
    stdin.write('not-a-real-one\n')
    expect(await asked).toBe('not-a-real-one')
    expect(seen + written()).not.toContain('not-a-real-one')
  })
})

describe('terminalFacts', () => {
  const tty = {isTTY: true, columns: 132}
  test.each([
    ['a terminal', {}, tty, {isTty: true, width: 132, color: true}],
    ['a pipe', {}, {}, {isTty: false, width: 80, color: false}],
    ['a pipe with COLUMNS', {COLUMNS: '100'}, {}, {isTty: false, width: 100, color: false}],
    ['nonsense in COLUMNS', {COLUMNS: '-3'}, {}, {isTty: false, width: 80, color: false}],
    ['NO_COLOR', {NO_COLOR: '1'}, tty, {isTty: true, width: 132, color: false}],
    ['an empty NO_COLOR', {NO_COLOR: ''}, tty, {isTty: true, width: 132, color: true}],
    ['FORCE_COLOR', {FORCE_COLOR: '1'}, {}, {isTty: false, width: 80, color: true}],
    ['FORCE_COLOR=0', {FORCE_COLOR: '0'}, tty, {isTty: true, width: 132, color: false}],
    ['both', {FORCE_COLOR: '1', NO_COLOR: '1'}, tty, {isTty: true, width: 132, color: false}],
    ['a dumb terminal', {TERM: 'dumb'}, tty, {isTty: false, width: 132, color: false}],
  ])('%s', (_name, env, stream, expected) => {
    expect(terminalFacts(env, stream)).toEqual(expected)
  })
})

test.each([
  [400, '0 s'],
  [59_400, '59 s'],
  [60_000, '1 min 0 s'],
  [3_599_000, '59 min 59 s'],
  [7_500_000, '2 h 5 min'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})
