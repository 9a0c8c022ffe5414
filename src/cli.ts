import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

import {Config, type Interfaces, run as runOclif} from '@oclif/core'

import {report} from './mfa-command.js'
import {noSuchCommand} from './no-such-command.js'

const ASKS = '@oclif/plugin-not-found'

/** `program`: its URL, in a folder of the package. Never calls `process.exit` but after an exception out of
 * nowhere, so that nothing written is cut short. */
export async function run(argv: string[], program: string): Promise<void> {
  keepSecretsIn(argv.includes('--json'))
  const root = fileURLToPath(new URL('..', program))
  const options = {root, pjson: packageOf(root)}
  try {
    await runOclif(argv.map(longHelp), options)
  } catch (error) {
    report(isUnknownCommand(error) ? await unknownCommand(argv, options) : error, argv.includes('--json'))
  }
}

/**
 * R5, for the end that nobody foresaw. Node's diagnostic report would hold the environment, where keys and passwords may
 * stand; Node's own words for an exception would show whatever hangs on the error.
 */
function keepSecretsIn(json: boolean): void {
  process.report.excludeEnv = true
  process.on('uncaughtException', (error) => {
    report(error, json)
    process.exit()
  })
}

const longHelp = (arg: string): string => (arg === '-h' ? '--help' : arg)

/**
 * What oclif knows of the package, but for the plugin for mistyped commands: that one asks whenever stdin is a terminal,
 * also for --json, takes Enter for a yes to any command however far off, and lives on for seconds after Ctrl-C.
 */
function packageOf(root: string): Interfaces.PJSON {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Interfaces.PJSON
  const plugins = pjson.oclif.plugins?.filter((name) => name !== ASKS)
  return {...pjson, oclif: {...pjson.oclif, ...(plugins && {plugins})}}
}

/** What oclif says when it is asked to run a command that there is not, or to help with it. */
function isUnknownCommand(error: unknown): boolean {
  const {oclif, message = ''} = error as {oclif?: object; message?: string}
  return oclif !== undefined && /^command .* not found\.?$/is.test(message)
}

async function unknownCommand(argv: readonly string[], options: Interfaces.LoadOptions): Promise<Error> {
  const {commands} = await Config.load(options)
  const known = commands.flatMap(({hidden, id}) => (hidden ? [] : [id]))
  return noSuchCommand(argv[0] === 'help' ? argv.slice(1) : argv, known)
}
