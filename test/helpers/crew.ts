import {mkdir, rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

import type {SeenOperation} from '../../src/lib/sandbox/engine.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {toCsv, USER_HEADER} from './bundle-files.js'
import {GROUP, manyUsersTenant} from './many-users.js'
import {newPlace, type MfaResult, type Place, type RunningMfa} from './mfa.js'
import {startPostgres, type TestPostgres} from './postgres.js'

/** People whose number on the server changes: `versions[i]` says how often it did. */
export function changingUsers(versions: readonly number[]): string {
  const rows = versions.map((version, number) => [
    `user${String(number).padStart(5, '0')}@contoso.com`,
    number % 2 === 0 ? 'voiceCall' : 'smsText',
    '1',
    numberOf(number, version).slice(3),
    `2024-01-01T00:00:${String(version % 60).padStart(2, '0')}Z`,
  ])
  const header = ['Username', 'Mode', 'CountryCode', 'Phone', 'LastModified'] as const
  return toCsv([
    [...USER_HEADER],
    ...rows.map((cells) =>
      USER_HEADER.map((column) => cells[header.indexOf(column as (typeof header)[number])]),
    ),
  ])
}

/** In Graph's form; rows stay as long as they were. */
export const numberOf = (user: number, version: number): string =>
  `+1 425555${1000 + ((user + 1777 * version) % 9000)}`

/** A tenant whose first `there` users have the first number already. */
export function changingTenant(users: number, there: number): TenantFile {
  const tenant = manyUsersTenant(users)
  const createdDateTime = '2020-01-01T00:00:00Z'
  return {
    ...tenant,
    users: tenant.users.map((user, number) =>
      number < there
        ? {...user, phoneMethods: [{phoneType: 'mobile', phoneNumber: numberOf(number, 0), createdDateTime}]}
        : user,
    ),
  }
}

export interface CrewOptions {
  readonly users: number
  /** So many have their number in Entra from the beginning. */
  readonly there?: number
  readonly faults?: Faults
  readonly args: readonly string[]
  readonly onOperation: (seen: SeenOperation) => void
  /** Milliseconds until a worker is given up. */
  readonly timeout: number
}

/** Several machines' worth of `mfa sync run`, one tenant, one PostgreSQL, one source. */
export interface CrewWorld {
  readonly sandbox: Sandbox
  readonly postgres: TestPostgres
  readonly versions: number[]
  readonly stateAddress: string
  start(): RunningMfa
  /** A command of another kind, on the same state. */
  mfa(args: readonly string[]): Promise<MfaResult>
  /** Gives some users another number, and writes the whole source anew, in one step. */
  change(users: readonly number[]): Promise<void>
  /** Users whose number in the tenant is not that of the server. */
  behind(): number
  status(): Promise<CrewStatus>
  stop(): Promise<void>
}

export interface CrewStatus {
  readonly leader: {readonly pid: number; readonly since: string} | null
  readonly workers: readonly {readonly pid: number}[]
  readonly pending: number
}

export const CREW_GROUP = ['--group', GROUP] as const

export async function crewWorld(options: CrewOptions): Promise<CrewWorld> {
  const {users, there = 0, faults, args, onOperation, timeout} = options
  const postgres = await startPostgres()
  const tenant = changingTenant(users, there)
  const sandbox = await startSandbox({stateFile: ':memory:', tenant, faults, onOperation})
  const stateAddress = postgres.address()
  const place: Place = await newPlace({
    MFA_GRAPH_URL: sandbox.rootUrl,
    MFA_ACCESS_TOKEN: sandbox.issueToken(),
    MFA_TENANT_ID: sandbox.tenantId,
    MFA_STATE: stateAddress,
    PGPASSWORD: postgres.password,
  })
  const versions = Array.from({length: users}, () => 0)
  const folder = join(place.work, 'bundle')
  await mkdir(folder)
  const write = async (): Promise<void> => {
    await writeFile(join(folder, '.users.csv'), changingUsers(versions))
    await rename(join(folder, '.users.csv'), join(folder, 'users.csv'))
  }
  await write()
  const run = ['sync', 'run', ...CREW_GROUP, '--source', folder, ...args]
  return {
    sandbox,
    postgres,
    versions,
    stateAddress,
    start: () => place.start(run, {timeout}),
    mfa: (words) => place.mfa([...words], {timeout: 300_000}),
    change: async (whom) => {
      for (const number of whom) versions[number] = (versions[number] ?? 0) + 1
      await write()
    },
    behind: () =>
      sandbox.dump().users.filter(({phoneMethods}, number) => {
        const wanted = numberOf(number, versions[number] ?? 0)
        return phoneMethods?.find(({phoneType}) => phoneType === 'mobile')?.phoneNumber !== wanted
      }).length,
    status: async () => (await place.mfa(['sync', 'status', '--json'])).json() as unknown as CrewStatus,
    stop: async () => {
      await sandbox.stop()
      postgres.stop()
      await place.remove()
    },
  }
}

export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(250)
  }
}

/** The most writes that arrived in any stretch of `windowMs`. */
export function mostWithin(times: readonly number[], windowMs: number): number {
  let most = 0
  let from = 0
  for (let to = 0; to < times.length; to++) {
    while ((times[to] ?? 0) - (times[from] ?? 0) >= windowMs) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}
