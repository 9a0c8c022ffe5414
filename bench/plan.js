// Planning users against parsing the CSV of the same users.
import {createReadStream} from 'node:fs'
import {join} from 'node:path'

import {parse} from 'csv-parse'

import {modelMaker, OPTIONS} from './lib/as-model.js'
import {built} from './lib/dist.js'
import {inventedUser} from './lib/invented-user.js'
import {population} from './lib/population.js'
import {atMost, seconds} from './lib/table.js'

const FILES = ['users.csv', 'devices.csv', 'oath-tokens.csv']
/** As many as `collectPlans` looks at together. */
const CHUNK = 100
const LIMIT = 3

/** Milliseconds of processor time that this process has used: what other programs use does not count. */
function processorTime() {
  const {user, system} = process.cpuUsage()
  return (user + system) / 1000
}

/** Rounds are interleaved, and the least disturbed one of each side counts: whatever else the machine does only adds. */
export async function plan({users, rounds}) {
  const {bundle} = await population(users, {tenant: false})
  const plannings = []
  const parsings = []
  const plain = []
  for (let round = 0; round < rounds; round++) {
    parsings.push(await parseAsSource(bundle))
    plannings.push(await planAll(users))
    plain.push(await parsePlainly(bundle))
  }
  const planning = Math.min(...plannings)
  const parsing = Math.min(...parsings)
  const piped = Math.min(...plain)
  const count = users.toLocaleString('en-US')
  return [
    atMost(
      `plan ${count} users (A) : parse their CSV as the bundle source does (B), processor time`,
      seconds(planning),
      seconds(parsing),
      planning / parsing,
      LIMIT,
    ),
    {
      what: `plan (A) : the CSV library in a pipe (B), for information`,
      a: seconds(planning),
      b: seconds(piped),
      ratio: planning / piped,
    },
  ]
}

/** What `collectPlans` computes for a user once everything is read. Making the people is not counted. */
async function planAll(users) {
  const {planUser, serialsOf} = await built('lib/migration/plan-user')
  const {allowedFor} = await built('lib/migration/policy')
  const model = await modelMaker()
  const hashKey = new Uint8Array(32).fill(7)
  const memory = {numbers: {}, tokens: [], unsettled: []}
  let ms = 0
  let actions = 0
  for (let from = 0; from < users; from += CHUNK) {
    const people = Array.from({length: Math.min(CHUNK, users - from)}, (_, at) => {
      const invented = inventedUser(from + at)
      const inventory = new Map(model.tokens(invented).map((token) => [token.serialNumber, [token]]))
      const entra = model.identity(invented)
      return {server: model.serverUser(invented), entra, methods: model.methods(invented), inventory}
    })
    const started = processorTime()
    for (const {server, entra, methods, inventory} of people) {
      serialsOf(server, memory, OPTIONS, hashKey)
      const planned = planUser({
        server,
        entra,
        methods,
        inventory,
        allowed: allowedFor(model.policy, () => false),
        memory,
        options: OPTIONS,
        hashKey,
        matchRule: 'U2',
      })
      actions += planned.actions.length
    }
    ms += processorTime() - started
  }
  if (actions < users / 2) throw new Error(`${actions} actions: this is not a migration`)
  return ms
}

async function parseAsSource(bundle) {
  const {CsvFile} = await built('lib/source/csv/csv-file')
  const {signal} = new AbortController()
  const started = processorTime()
  for (const name of FILES) {
    const file = await CsvFile.open(join(bundle, name))
    let cells = 0
    for await (const rows of file.rows(signal)) for (const row of rows) cells += row.cells.length
    if (cells === 0) throw new Error(`${name} is empty`)
  }
  return processorTime() - started
}

async function parsePlainly(bundle) {
  const started = processorTime()
  for (const name of FILES) {
    let cells = 0
    for await (const row of createReadStream(join(bundle, name)).pipe(parse({bom: true}))) cells += row.length
    if (cells === 0) throw new Error(`${name} is empty`)
  }
  return processorTime() - started
}
