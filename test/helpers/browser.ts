import {accessSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import axe from 'axe-core'
import {type BrowserContext, chromium, type Page} from 'playwright-core'

export const CHROMIUM = process.env['MFA_TEST_CHROMIUM'] ?? '/usr/bin/chromium'
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

/** Whether there is a browser to test with; where there has to be one, its lack is an error. */
export const hasBrowser = ((): boolean => {
  try {
    accessSync(CHROMIUM)
    return true
  } catch {
    if (process.env['CI'] === 'true') throw new Error(`no browser to test with: ${CHROMIUM}`)
    process.stderr.write(`Pages are not looked at here: there is no ${CHROMIUM}\n`)
    return false
  }
})()

export interface OpenedPage {
  readonly page: Page
  /** What the page complained of, and what it asked for besides itself. */
  readonly said: readonly string[]
}

export interface Browser {
  /** A file of this machine, as somebody would open it. */
  open(file: string, options?: {colorScheme?: 'light' | 'dark'; width?: number}): Promise<OpenedPage>
  close(): Promise<void>
}

export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'mfa-chromium-'))
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    viewport: {width: 1000, height: 800},
  })
  return {
    async open(file, {colorScheme = 'light', width = 1000} = {}) {
      const url = pathToFileURL(file).href
      const page = await context.newPage()
      await page.emulateMedia({colorScheme})
      await page.setViewportSize({width, height: 800})
      const said: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      page.on('request', (request) => {
        if (request.url() !== url) said.push(`asked for ${request.url()}`)
      })
      await page.goto(url)
      return {page, said}
    },
    async close() {
      await context.close()
      await rm(profile, {recursive: true, force: true})
    },
  }
}

/** How often each role stands in the tree that the browser hands to screen readers. */
export async function rolesOf(page: Page): Promise<Readonly<Record<string, number>>> {
  const session = await page.context().newCDPSession(page)
  const {nodes} = await session.send('Accessibility.getFullAXTree')
  const counts: Record<string, number> = {}
  for (const {ignored, role} of nodes) {
    const name = String(role?.value)
    if (!ignored) counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** What axe-core finds: WCAG 2 A and AA, and its good practice; each with the places. */
export async function violationsOf(page: Page): Promise<readonly (readonly [string, readonly unknown[]])[]> {
  const {violations} = await page.evaluate<{violations: {id: string; nodes: {target: unknown}[]}[]}>(
    `${axe.source}; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})`,
  )
  return violations.map(({id, nodes}) => [id, nodes.map(({target}) => target)])
}

/** How much wider the page is than the screen, in pixels. */
export async function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}
