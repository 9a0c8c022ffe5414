import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {htmlPage, section} from '../../src/lib/report/html.js'
import {type Browser, hasBrowser, openBrowser, overhang, violationsOf, rolesOf} from '../helpers/browser.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

const PILOT = ['--group', 'MFA pilot', '--source', CONTOSO, '--seed-file', join(CONTOSO, 'seeds.csv')]
const BIRDS = ['--group', 'MFA early birds', ...PILOT.slice(2)]

/** Every kind of page, in an order in which one leaves what the next needs; with the exit code. */
const PAGES: readonly (readonly [string, readonly string[], number])[] = [
  ['assess.html', ['server', 'assess', '--source', CONTOSO, '--report', 'assess.html'], 2],
  ['dry-run.html', ['migrate', ...PILOT, '--dry-run', '--out', 'plan.json', '--report', 'dry-run.html'], 0],
  ['plan.html', ['plan', 'show', 'plan.json', '--report', 'plan.html'], 0],
  ['migration.html', ['migrate', ...BIRDS, '--yes', '--report', 'migration.html'], 0],
  ['run.html', ['runs', 'show', 'last', '--report', 'run.html'], 0],
  ['verify.html', ['verify', ...PILOT, '--report', 'verify.html'], 2],
  ['readiness.html', ['readiness', '--group', 'MFA pilot', '--report', 'readiness.html'], 2],
  ['audit.html', ['audit', 'summary', '--report', 'audit.html'], 0],
  ['status.html', ['status', '--report', 'status.html'], 0],
  ['ha.html', ['ha', 'check', 'topology.yaml', '--report', 'ha.html'], 2],
  ['papers/runbook.html', ['runbook', '--plan', 'plan.json', '--out', 'papers'], 0],
  ['papers/helpdesk.html', [], 0],
  ['papers/letters/letters-001.html', [], 0],
  [
    'papier/letters/letters-001.html',
    ['runbook', '--plan', 'plan.json', '--language', 'de', '--out', 'papier'],
    0,
  ],
]

/** Which of the places has the focus, and whether a ring shows it. */
const FOCUSED = `(() => {
  const places = [...document.querySelectorAll('a[href],summary,[tabindex="0"]')]
  const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement)
  return {at: places.indexOf(document.activeElement), seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2}
})()`
const UNTOLD_TABLES = `[...document.querySelectorAll('table')]
  .filter((table) => !table.caption?.textContent.trim() || !table.querySelector('th[scope]'))
  .map((table) => table.outerHTML.slice(0, 200))`

const TOPOLOGY = `version: 1
name: Contoso
servers:
  - {name: MFA1, host: mfa1.contoso.com, role: primary, domain: contoso.com}
  - {name: MFA2, host: mfa2.contoso.com, role: primary, domain: contoso.com}
oneWaySms: false
replication: {firewallBetweenServers: false}
balancedNames: []
`

describe.skipIf(!hasBrowser)('every page', () => {
  let place: Place
  let browser: Browser

  beforeAll(async () => {
    place = await newPlace({MFA_TENANT_ID: 'sandbox'})
    await place.file('topology.yaml', TOPOLOGY)
    for (const [name, args, code] of PAGES) {
      if (args.length === 0) continue
      const result = await place.mfa(args)
      expect(result.code, `${name}: ${result.stdout}${result.stderr}`).toBe(code)
    }
    browser = await openBrowser()
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await place?.remove()
  })

  test('what is wrong with a page is found', async () => {
    const file = await place.file(
      'bad.html',
      '<!doctype html><title>Bad</title><img src="nowhere.png"><p style="width:3000px;color:#ddd">pale</p>',
    )
    const {page, said} = await browser.open(file)
    const found = (await violationsOf(page)).map(([id]) => id)
    expect(found).toEqual(
      expect.arrayContaining(['image-alt', 'html-has-lang', 'color-contrast', 'landmark-one-main']),
    )
    expect(await overhang(page)).toBeGreaterThan(1000)
    expect(said.join()).toContain('nowhere.png')
    await page.close()
  })

  test.each([360, 1440])(
    'names of any length and script stay within %d pixels, and nothing of them acts',
    async (width) => {
      const names = [
        'שרה כהן',
        'محمد العلوي (IT)',
        '佐藤太郎・情報システム部門第一課',
        '<img src=x onerror=alert(1)>',
        `${'a'.repeat(180)}@contoso.com`,
        `mfa --${'y'.repeat(200)}`,
      ]
      const all = names.join(' ')
      const parts = names.map((label, count) => ({label, count: count + 1, tone: 'bad' as const}))
      const html = htmlPage({
        title: all,
        facts: names.map((name) => ['Name', name] as const),
        verdict: all,
        bar: {title: 'Bar', parts},
        counts: {title: 'Counts', parts},
        sections: [
          section({
            title: 'Names',
            columns: [
              {key: 'name', title: 'Name', value: (name: string) => name},
              {key: 'what', title: 'What', value: () => 'set phone'},
            ],
            rows: () => names,
          }),
        ],
      })
      const {page, said} = await browser.open(await place.file('names.html', [...html].join('')), {width})
      expect(await overhang(page)).toBeLessThanOrEqual(0)
      expect(await violationsOf(page)).toEqual([])
      expect(said).toEqual([])
      await page.close()
    },
  )

  describe.each(PAGES.map(([name]) => name))('%s', (name) => {
    test.each(['light', 'dark'] as const)('is quiet and accessible in the %s', async (colorScheme) => {
      const {page, said} = await browser.open(join(place.work, name), {colorScheme})
      expect(await violationsOf(page)).toEqual([])
      expect(said).toEqual([])
      await page.close()
    })

    test('fits a phone: what is wider can be moved inside', async () => {
      const {page} = await browser.open(join(place.work, name), {width: 360})
      expect(await overhang(page)).toBeLessThanOrEqual(0)
      // Each row is a block of lines, and every line says which column it is.
      const unnamed =
        await page.evaluate(`[...document.querySelectorAll('.wide tbody td:not([colspan]):not(:empty)')].filter(
        (cell) => !/^"[^"]+"$/.test(getComputedStyle(cell, '::before').content) && !(cell.textContent.trim().length <= 1)).length`)
      expect(unnamed).toBe(0)
      await page.close()
    })

    test('comes out on paper, no wider than it', async () => {
      const {page} = await browser.open(join(place.work, name))
      await page.emulateMedia({media: 'print', colorScheme: 'dark'})
      // A4 without margins, at 96 pixels an inch.
      await page.setViewportSize({width: 794, height: 1123})
      expect(await overhang(page)).toBeLessThanOrEqual(0)
      // Dark ink on white, whatever the screen was.
      expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(0, 0, 0)')
      expect((await page.pdf({format: 'A4'})).subarray(0, 5).toString()).toBe('%PDF-')
      await page.close()
    })

    test('is gone through with the keyboard: every place once, in order, each seen, and out again', async () => {
      const {page} = await browser.open(join(place.work, name))
      const count = Math.min(
        40,
        await page.evaluate<number>(`document.querySelectorAll('a[href],summary,[tabindex="0"]').length`),
      )
      const passed: unknown[] = []
      for (const key of [
        ...Array<string>(count).fill('Tab'),
        ...Array<string>(Math.max(0, count - 1)).fill('Shift+Tab'),
      ]) {
        await page.keyboard.press(key)
        passed.push(await page.evaluate(FOCUSED))
      }
      const forth = Array.from({length: count}, (_, at) => ({at, seen: true}))
      expect(passed).toEqual([...forth, ...forth.slice(0, -1).toReversed()])
      await page.close()
    })

    test('is told whole to a screen reader, on a phone too: tables stay tables', async () => {
      const {page} = await browser.open(join(place.work, name), {width: 360})
      const [tables, rows, headings] = await page.evaluate<number[]>(
        `['table', 'details[open] tr, main > :not(details) tr', 'h1, h2, h3'].map((each) => document.querySelectorAll(each).length)`,
      )
      const folded = await page.evaluate<number>(
        `document.querySelectorAll('details:not([open]) table').length`,
      )
      const {table = 0, row = 0, heading = 0} = await rolesOf(page)
      expect({table, row, heading}).toEqual({table: (tables ?? 0) - folded, row: rows, heading: headings})
      await page.close()
    })

    test('has its headings in order, and every table is named and headed', async () => {
      const {page} = await browser.open(join(place.work, name))
      const levels = await page.evaluate<number[]>(
        `[...document.querySelectorAll('h1,h2,h3,h4')].map(({tagName}) => Number(tagName[1]))`,
      )
      expect(levels[0]).toBe(1)
      expect(levels.filter((level, at) => at > 0 && level > (levels[at - 1] ?? 0) + 1)).toEqual([])
      expect(await page.evaluate(UNTOLD_TABLES)).toEqual([])
      await page.close()
    })

    test('is one file without script, and tables have heads', async () => {
      const html = await readFile(join(place.work, name), 'utf8')
      expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(/i)
      expect(html).toContain("default-src 'none'")
      expect(html.match(/<h1>/g)).toHaveLength(1)
      expect(html).not.toContain('<th>')
    })
  })
})
