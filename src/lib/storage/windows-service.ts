import {execFile} from 'node:child_process'
import {win32} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {promisify} from 'node:util'

import {MfaError} from '../errors/mfa-error.js'
import type {ServiceControl} from '../ports/backup-store.js'

const NAME = 'MultiFactorAuth'
const POLL = 1000
const POLLS = 120

/** Runs `sc.exe`; gives its exit code and what it printed. */
export type Sc = (args: readonly string[]) => Promise<{readonly code: number; readonly stdout: string}>

/** ServiceControl over `sc.exe`, without a shell. Written after its documentation; it was never tried on Windows. */
export function windowsService(
  sc: Sc = runSc,
  wait: (ms: number) => Promise<unknown> = sleep,
): ServiceControl {
  const state = async (): ReturnType<ServiceControl['state']> => stateOf(await sc(['query', NAME]))
  const until = async (wanted: 'running' | 'stopped', verb: 'start' | 'stop'): Promise<void> => {
    const asked = await sc([verb, NAME])
    for (let poll = 0; poll < POLLS; poll++) {
      if ((await state()) === wanted && (await settled(sc))) return
      if (asked.code !== 0 && poll > 0) break
      await wait(POLL)
    }
    throw new MfaError(
      'SERVICE',
      `the service ${NAME} could not be ${verb === 'stop' ? 'stopped' : 'started'}`,
      {
        exit: 'unavailable',
        fix: `Look at it yourself: sc query ${NAME}. sc ${verb} answered ${asked.code}.`,
      },
    )
  }
  return {state, stop: () => until('stopped', 'stop'), start: () => until('running', 'start')}
}

/** 1060: there is no such service. The number of the state is the same in every language: 1 stopped, anything else is not yet. */
function stateOf({
  code,
  stdout,
}: {
  readonly code: number
  readonly stdout: string
}): 'running' | 'stopped' | 'absent' | 'unknown' {
  if (code === 1060) return 'absent'
  const number = stateNumber(stdout)
  if (code !== 0 || number === undefined) return 'unknown'
  return number === 1 ? 'stopped' : 'running'
}

/** Neither starting nor stopping. */
async function settled(sc: Sc): Promise<boolean> {
  const number = stateNumber((await sc(['query', NAME])).stdout)
  return number === 1 || number === 4
}

/** The line of the state is the second with a number; its title is translated. */
function stateNumber(stdout: string): number | undefined {
  const [, second] = [...stdout.matchAll(/^\s+\S+\s+:\s+([\da-f]+)\b/gim)]
  return second?.[1] === undefined ? undefined : Number(second[1])
}

async function runSc(args: readonly string[]): Promise<{readonly code: number; readonly stdout: string}> {
  const file = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'sc.exe')
  try {
    const {stdout} = await promisify(execFile)(file, [...args], {windowsHide: true})
    return {code: 0, stdout}
  } catch (error) {
    const {code, stdout} = error as {readonly code?: unknown; readonly stdout?: unknown}
    return {code: typeof code === 'number' ? code : -1, stdout: typeof stdout === 'string' ? stdout : ''}
  }
}
