// How large a page of so many users is, and how long a browser takes with it. `node bench/page.js [USERS]`, after a build.
import {mkdtemp, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {chromium} from 'playwright-core'

import {htmlPage, section} from '../dist/lib/report/html.js'
import {userColumns} from '../dist/lib/report/plan-rows.js'

const count = Number(process.argv[2] ?? 50_000)
const columns = userColumns.filter(({key}) =>
  ['userPrincipalName', 'source', 'outcome', 'findings', 'details'].includes(key),
)
function* users() {
  for (let at = 0; at < count; at++)
    yield {
      userPrincipalName: `user${at}.lastname@contoso.com`,
      source: `CONTOSO\\user${at}`,
      outcome: 'migrated',
      actions: [],
      findings: [
        {code: 'sms-or-voice-only', detail: 'The user will have SMS or voice only; they end on 2027-02-01.'},
      ],
    }
}

const folder = await mkdtemp(join(tmpdir(), 'mfa-page-'))
const file = join(folder, 'page.html')
const page = htmlPage({
  title: 'Many users',
  facts: [],
  verdict: `${count} users`,
  bar: {title: 'Users', parts: [{label: 'migrated', count, tone: 'good'}]},
  counts: {title: 'Findings', parts: []},
  sections: [section({title: 'Users', columns, rows: users})],
})
const took = async (what, work) => {
  const from = performance.now()
  const value = await work()
  process.stdout.write(`${what}: ${Math.round(performance.now() - from)} ms\n`)
  return value
}
try {
  await took('written', () => writeFile(file, page))
  process.stdout.write(`size: ${((await stat(file)).size / 1e6).toFixed(1)} MB\n`)
  const browser = await chromium.launch({
    executablePath: process.env.MFA_TEST_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  })
  try {
    const tab = await browser.newPage()
    const laidOut = 'document.body.getBoundingClientRect().height'
    await took('loaded', () => tab.goto(pathToFileURL(file).href))
    await took('scrolled', () => tab.evaluate(`scrollTo(0, 5000); ${laidOut}`))
    await took('one part unfolded', () =>
      tab.evaluate(`document.querySelector('details:last-of-type').open = true; ${laidOut}`),
    )
    await took('all parts unfolded', () =>
      tab.evaluate(`for (const part of document.querySelectorAll('details')) part.open = true; ${laidOut}`),
    )
  } finally {
    await browser.close()
  }
} finally {
  await rm(folder, {recursive: true, force: true})
}
