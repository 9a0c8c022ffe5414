import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {ACCEPTABLE} from '../../src/lib/federation/blockers.js'
import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const page = (name: string) => readFile(join(PACKAGE, 'docs', name), 'utf8')

interface Typed {
  readonly args: readonly string[]
  /** What the page shows below it. */
  readonly shown: readonly string[]
}

/** Every command of the section, in order, with what stands below it in its block. */
async function rehearsal(name: string): Promise<readonly Typed[]> {
  const [, section = ''] = /\n## Rehearse it\n([\s\S]*?)\n## /.exec(await page(name)) ?? []
  const found: {args: readonly string[]; shown: string[]}[] = []
  for (const [, block = ''] of section.matchAll(/```\n([\s\S]*?)```/g)) {
    for (const line of block.trimEnd().split('\n')) {
      const [, typed] = /^(?:\$ )?mfa (.+)$/.exec(line) ?? []
      if (typed === undefined) found.at(-1)?.shown.push(line)
      else {
        const words = [...typed.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))
        found.push({args: words, shown: []})
      }
    }
  }
  return found
}

describe('the guides to federation and rollback', () => {
  let place: Place
  beforeAll(async () => {
    place = await newPlace()
  })
  afterAll(() => place.remove())

  it('have a rehearsal that goes as they say', {timeout: 180_000}, async () => {
    const there = await rehearsal('federation.md')
    const back = await rehearsal('rollback.md')
    expect([there.length, back.length]).toEqual([9, 5])
    for (const {args, shown} of [...there, ...back]) {
      const own = args.map((arg) => (arg.startsWith('examples/') ? join(PACKAGE, arg) : arg))
      const {code, stdout, stderr} = await place.mfa(own)
      const refused = shown.some((line) => line.startsWith('error: '))
      expect({args, code, stderr: code === (refused ? 8 : 0) ? '' : stderr}).toEqual({
        args,
        code: refused ? 8 : 0,
        stderr: '',
      })
      const all = `${stdout}${stderr}`
      for (const line of shown.filter((each) => !/^(…|Entra may take|\d{4}-|.*clock shows)/.test(each)))
        expect({args, all}).toEqual({args, all: expect.stringContaining(line.replace(/^.* at \S+Z: /, ''))})
      if (!args.includes('--init')) continue
      // "Answer the questions": nothing depends on MFA Server any more.
      await place.file(
        'answers.yaml',
        (await place.read('answers.yaml')).replaceAll('answer: unknown', 'answer: no'),
      )
    }
  })

  it('have every code that can be accepted', async () => {
    const text = await page('federation.md')
    for (const code of Object.keys(ACCEPTABLE)) expect(text).toContain(code)
  })
})
