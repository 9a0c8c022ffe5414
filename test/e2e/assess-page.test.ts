import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {type Browser, hasBrowser, openBrowser, overhang, violationsOf} from '../helpers/browser.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

describe.skipIf(!hasBrowser)('mfa server assess --report, in a browser', () => {
  let place: Place
  let browser: Browser
  let file: string

  beforeAll(async () => {
    place = await newPlace()
    const result = await place.mfa(['server', 'assess', '--source', CONTOSO, '--report', 'r.html'])
    expect(result.code, result.stderr).toBe(2)
    file = join(place.work, 'r.html')
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await place?.remove()
  })

  /** The page, with everything that it asked for and complained of. */
  const open = (
    colorScheme: 'light' | 'dark',
    width = 1000,
  ): Promise<{page: Page; said: readonly string[]}> => browser.open(file, {colorScheme, width})

  test.each(['light', 'dark'] as const)('is complete, quiet and accessible in the %s', async (scheme) => {
    const {page, said} = await open(scheme)
    expect(await page.title()).toBe('Leaving MFA Server: what stands in the way')
    expect(await page.locator('.verdict').textContent()).toMatch(/6 findings block federation/)
    for (const heading of ['In the way', 'To do', 'Nothing to do', 'Users by finding'])
      expect(await page.getByRole('heading', {name: heading, exact: true}).count()).toBe(1)
    expect(await violationsOf(page)).toEqual([])
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
    expect(await overhang(page)).toBeLessThanOrEqual(0)
    await page.close()
  })

  test('the file holds no script and points nowhere', async () => {
    const html = await readFile(file, 'utf8')
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(/i)
    expect(html).toContain("default-src 'none'")
  })
})
