import {execFile} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import {homedir, tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {XMLParser, XMLValidator} from 'fast-xml-parser'
import {describe, expect, test} from 'vitest'

import {terminalSvg} from '../../scripts/terminal-svg.js'
import {newPlace, PACKAGE} from '../helpers/mfa.js'

const WORDS = {title: 'a <b>', description: 'd & e'}

describe('terminalSvg', () => {
  const svg = terminalSvg('\u001B[32m$\u001B[39m \u001B[1mrun\u001B[22m <x> & y\u001B[2K\r\nsecond', WORDS)

  test('is XML, whatever the text holds, and says what it shows', () => {
    expect(XMLValidator.validate(svg)).toBe(true)
    const parsed = new XMLParser().parse(svg) as {svg: {title: unknown; desc: unknown}}
    expect(svg).toContain('<title id="title">a &lt;b&gt;</title>')
    expect(parsed.svg.desc).toBeDefined()
    expect(svg).not.toContain('\u001B')
  })

  test('puts each piece where it stands on the screen, in its look', () => {
    expect(svg).toMatch(/<text x="16\.0" [^>]*fill="#98c379">\$<\/text>/)
    // Two characters further, 8.4 each.
    expect(svg).toMatch(/<text x="32\.8" [^>]*font-weight="bold">run<\/text>/)
    expect(svg).toContain('> &lt;x&gt; &amp; y</text>')
    const [first, second] = ['>\\$<', '>second<'].map((text) =>
      Number(new RegExp(`y="(\\d+)"[^>]*${text}`).exec(svg)?.[1]),
    )
    expect((second ?? 0) - (first ?? 0)).toBe(18)
  })
})

test('the recording runs, parses, names no place of this machine, and proves the migration', async () => {
  const place = await newPlace()
  try {
    await promisify(execFile)(process.execPath, [join(PACKAGE, 'scripts/record.js'), place.work], {
      env: place.environment(),
    })
    const svg = await readFile(join(place.work, 'demo.svg'), 'utf8')
    const committed = await readFile(join(import.meta.dirname, '../../docs/images/demo.svg'), 'utf8')
    for (const image of [svg, committed]) {
      expect(XMLValidator.validate(image)).toBe(true)
      expect(image).toContain('all 6 users of "MFA early birds" are migrated; 0 failed')
      for (const somewhere of [PACKAGE, homedir(), tmpdir(), process.cwd()])
        expect(image).not.toContain(somewhere)
      expect(image).not.toMatch(/[ "'>](?:\/[a-z]+\/[\w.-]+|[A-Z]:\\)/)
    }
  } finally {
    await place.remove()
  }
}, 60_000)
