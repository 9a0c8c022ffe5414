import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {GROUP} from '../helpers/many-users.js'
import {newPlace, type Environment, type MfaResult, type Place} from '../helpers/mfa.js'
import {comparable} from '../helpers/tenant.js'
import {population} from './population.js'
import {Watcher, type Trigger} from './watcher.js'

export const MIGRATE = ['migrate', '--group', GROUP, '--source', 'bundle', '--yes', '--json']
/** The sandbox has no quota; what it throttles, it throttles by the dice. */
export const UNPACED = ['--write-quota', 'none', '--activation-quota', 'none']
/** Every command is given up after so many milliseconds: it hangs. */
const HANGS = 300_000

/** A tenant with people in it, their export bundle, and a place to run the command line in. */
export interface World {
  readonly sandbox: Sandbox
  readonly watcher: Watcher
  readonly place: Place
  /** Runs to the end. */
  run(args: readonly string[], env?: Environment): Promise<MfaResult>
  /** Kills it in the middle of an operation, or some milliseconds later. `killed`: it did not end before. */
  runAndKill(
    args: readonly string[],
    trigger: Trigger,
    options?: {readonly laterMs?: number; readonly env?: Environment; readonly instead?: Interruption},
  ): Promise<MfaResult & {readonly killed: boolean}>
  stop(): Promise<void>
}

/** What is done to the process at the trigger, if not a kill. */
export type Interruption = (pid: number) => void

/** With MFA_FAULT_TRACE set: one line on stderr for each process. */
function trace(began: number, what: string, {code, stdout, stderr}: MfaResult, watcher: Watcher): void {
  if (process.env['MFA_FAULT_TRACE'] === undefined) return
  const took = ((performance.now() - began) / 1000).toFixed(1)
  const last = stderr.trimEnd().split('\n').at(-1) ?? ''
  process.stderr.write(`${what} ${String(code)} ${took} s ${JSON.stringify(watcher.figures())} ${last}\n`)
  if (code === 3) process.stderr.write(`${stdout}\n`)
}

export interface WorldOptions {
  readonly users: number
  readonly faults?: Faults
  readonly now?: () => Date
  /** Seconds of --consistency. */
  readonly consistency?: number
}

export async function newWorld({users, faults, now}: WorldOptions): Promise<World> {
  const {tenant, bundle} = population(users)
  const watcher = new Watcher()
  const sandbox = await startSandbox({
    stateFile: ':memory:',
    tenant,
    faults,
    now,
    onOperation: watcher.onOperation,
  })
  const place = await newPlace({
    MFA_GRAPH_URL: sandbox.rootUrl,
    MFA_ACCESS_TOKEN: sandbox.issueToken(),
    MFA_TENANT_ID: sandbox.tenantId,
  })
  for (const [name, text] of Object.entries(bundle)) await place.file(`bundle/${name}`, text)
  return {
    sandbox,
    watcher,
    place,
    run: async (args, env) => {
      const began = performance.now()
      const ended = await place.mfa(args, {timeout: HANGS, ...(env === undefined ? {} : {env})})
      trace(began, args[0] ?? '', ended, watcher)
      return ended
    },
    runAndKill: async (args, trigger, {laterMs = 0, env, instead} = {}) => {
      const began = performance.now()
      let over = false
      let killed = false
      const running = place.start(args, {timeout: HANGS, ...(env === undefined ? {} : {env})})
      const {pid = 0} = running.process
      const strike = (): void => {
        if (over) return
        killed = true
        if (instead === undefined) running.process.kill('SIGKILL')
        else instead(pid)
      }
      watcher.arm(trigger, () => (laterMs === 0 ? strike() : void setTimeout(strike, laterMs)))
      const ended = await running.ended
      over = true
      watcher.disarm()
      trace(began, `${args[0] ?? ''} ${JSON.stringify(trigger)} +${laterMs}`, ended, watcher)
      return {...ended, killed: killed && ended.code === null}
    },
    stop: async () => {
      await sandbox.stop()
      await place.remove()
    },
  }
}

/** The tenant whole, but for ids and dates. */
export function stateOf(tenant: TenantFile): unknown {
  const state = comparable(tenant) as TenantFile
  const devices = state.hardwareOathDevices?.toSorted((one, other) =>
    one.serialNumber < other.serialNumber ? -1 : 1,
  )
  return JSON.parse(JSON.stringify({...state, hardwareOathDevices: devices}))
}

/** As `stateOf`; of SMS sign-in only whether it is on, since Graph judges the rest anew at each change of a number. */
export function stateBefore(tenant: TenantFile): unknown {
  return JSON.parse(JSON.stringify(stateOf(tenant)), (key, value: unknown) =>
    key === 'smsSignInState' ? value === 'ready' : value,
  )
}
