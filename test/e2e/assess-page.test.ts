import {accessSync} from 'node:fs'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import axe from 'axe-core'
import {type BrowserContext, chromium, type Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

const CHROMIUM = process.env['MFA_TEST_CHROMIUM'] ?? '/usr/bin/chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const isThere = ((): boolean => {
  try {
    accessSync(CHROMIUM)
    return true
  } catch {
    return false
  }
})()
if (!isThere && process.env['CI'] === 'true') throw new Error(`no browser to test with: ${CHROMIUM}`)
if (!isThere) process.stderr.write(`The report is not looked at here: there is no ${CHROMIUM}\n`)

describe.skipIf(!isThere)('mfa server assess --report, in a browser', () => {
  let place: Place
  let profile: string
  let context: BrowserContext
  let file: string

  beforeAll(async () => {
    place = await newPlace()
    const result = await place.mfa(['server', 'assess', '--source', CONTOSO, '--report', 'r.html'])
    expect(result.code, result.stderr).toBe(2)
    file = join(place.work, 'r.html')
    profile = await mkdtemp(join(tmpdir(), 'mfa-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      args: FLAGS,
      viewport: {width: 1000, height: 800},
    })
  }, 120_000)
  afterAll(async () => {
    await context?.close()
    if (profile !== undefined) await rm(profile, {recursive: true, force: true})
    await place?.remove()
  })

  /** The page, with everything that it asked for and complained of. */
  async function open(
    colorScheme: 'light' | 'dark',
    width = 1000,
  ): Promise<{page: Page; said: readonly string[]}> {
    const page = await context.newPage()
    await page.emulateMedia({colorScheme})
    await page.setViewportSize({width, height: 800})
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', (error) => said.push(error.message))
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) said.push(`asked for ${request.url()}`)
    })
    await page.goto(pathToFileURL(file).href)
    return {page, said}
  }

  test.each(['light', 'dark'] as const)('is complete, quiet and accessible in the %s', async (scheme) => {
    const {page, said} = await open(scheme)
    expect(await page.title()).toBe('Leaving MFA Server: what stands in the way')
    expect(await page.locator('.verdict').textContent()).toMatch(/6 findings block federation/)
    for (const heading of ['In the way', 'To do', 'Nothing to do', 'Users by finding'])
      expect(await page.getByRole('heading', {name: heading, exact: true}).count()).toBe(1)
    const {violations} = await page.evaluate<{violations: {id: string; nodes: {target: unknown}[]}[]}>(
      `${axe.source}; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})`,
    )
    expect(violations.map(({id, nodes}) => [id, nodes.map(({target}) => target)])).toEqual([])
    expect(said).toEqual([])
    await page.close()
  })

  test('the two schemes differ, and text stands out from the ground in both', async () => {
    const colours = async (scheme: 'light' | 'dark') => {
      const {page} = await open(scheme)
      const found = await page.evaluate<{color: string; backgroundColor: string}>(
        '(({color, backgroundColor}) => ({color, backgroundColor}))(getComputedStyle(document.body))',
      )
      await page.close()
      return found
    }
    const [light, dark] = [await colours('light'), await colours('dark')]
    expect(light.backgroundColor).toBe('rgb(255, 255, 255)')
    expect(dark.backgroundColor).not.toBe(light.backgroundColor)
    expect(dark.color).not.toBe(light.color)
  })

  test('charts have their bars, as wide as their numbers say', async () => {
    const {page} = await open('light')
    const bar = await page.locator('svg[role=img] rect').evaluateAll((rects) =>
      rects.map((rect) => ({
        label: rect.querySelector('title')?.textContent ?? '',
        width: rect.getBoundingClientRect().width,
      })),
    )
    const counts = bar.map(({label}) => Number(/\d+$/.exec(label)?.[0]))
    const whole = bar.reduce((sum, {width}) => sum + width, 0)
    const total = counts.reduce((sum, count) => sum + count, 0)
    // A to C and 13 about users.
    expect(total).toBe(24 + 13)
    for (const [at, {width}] of bar.entries()) expect(width / whole).toBeCloseTo((counts[at] ?? 0) / total, 2)
    expect(await page.locator('.bars svg rect').count()).toBeGreaterThan(8)
    await page.close()
  })

  test('nothing is wider than a small screen', async () => {
    const {page} = await open('light', 400)
    const [wide, screen] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    )
    expect(wide).toBeLessThanOrEqual(screen)
    await page.close()
  })

  test('the file holds no script and points nowhere', async () => {
    const html = await readFile(file, 'utf8')
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(/i)
    expect(html).toContain("default-src 'none'")
  })
})
