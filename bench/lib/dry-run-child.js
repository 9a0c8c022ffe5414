// A whole dry run in this process: a bundle on disk, an invented directory, plans, table, CSV and JSON. Prints its peak.
//   node bench/lib/dry-run-child.js USERS BUNDLE FOLDER
import {join} from 'node:path'

import {OPTIONS} from './as-model.js'
import {built} from './dist.js'
import {inventedDirectory} from './invented-directory.js'
import {GROUP_NAME} from './invented-user.js'

const [users, bundle, folder] = process.argv.slice(2)
const {openBundle} = await built('lib/source/bundle/bundle-source')
const {openScratch} = await built('lib/state/scratch')
const {openState} = await built('lib/state/open-state')
const {ownerFiles} = await built('lib/state/owner-files')
const {migrate} = await built('lib/migration/migrate')
const {migrateJson, showMigration, showPlanned} = await built('lib/report/migration-report')
const {jsonText} = await built('lib/report/lazy-list')
const {recordRun} = await built('lib/report/migration-report')
const {createOutput} = await built('lib/terminal/output')

const {signal} = new AbortController()
const clock = {now: () => new Date(), monotonic: () => performance.now(), sleep: async () => {}}
const ui = {
  emit() {},
  confirm: async () => false,
  ask: async () => '',
}
let printed = 0
const write = (text) => void (printed += text.length)
const show = {out: createOutput({json: false, write, width: 120, color: false}), files: ownerFiles}
const scratch = openScratch()
const state = await openState({kind: 'folder', path: join(folder, 'state')}, {clock})
const source = await openBundle(bundle, {scratch})
const started = performance.now()
const report = await migrate(
  {
    request: {
      group: GROUP_NAME,
      users: [],
      options: OPTIONS,
      match: {netbios: {}},
      mapping: [],
      all: false,
      consistencyMs: 0,
    },
    dryRun: true,
    out: join(folder, 'plan.json'),
    errorsMax: 50,
    rates: {writes: {count: 3000, seconds: 150}},
    yes: false,
    sourceLabel: bundle,
    preview: showPlanned(show),
  },
  {
    source,
    directory: await inventedDirectory(Number(users)),
    journal: state.journal,
    scratch,
    clock,
    ui,
    files: ownerFiles,
    writer: async () => {
      throw new Error('a dry run writes nothing')
    },
  },
  signal,
)
const records = await recordRun(report, show, folder)
await showMigration(report, show, {csv: join(folder, 'users.csv'), again: '', records})
const result = await migrateJson(report, show, folder, records)
const {summary} = report.results
let json = 0
for (const piece of jsonText(result)) json += piece.length
await source.close()
await state.close()
scratch.close()
process.stdout.write(
  `${JSON.stringify({
    kilobytes: process.resourceUsage().maxRSS,
    ms: performance.now() - started,
    summary,
    printed,
    json,
  })}\n`,
)
