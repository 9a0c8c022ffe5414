import {run as runOclif} from '@oclif/core'

import {MfaError} from './lib/errors/mfa-error.js'
import {report} from './mfa-command.js'

/** oclif's exit code for a command that there is not. */
const NO_SUCH_COMMAND = 127

/** Runs the command line. Never calls `process.exit`, so that nothing written is cut short. */
export async function run(argv: string[], root: string): Promise<void> {
  try {
    await runOclif(argv.map(longHelp), root)
  } catch (error) {
    const {oclif} = error as {oclif?: {exit?: number}}
    report(oclif?.exit === NO_SUCH_COMMAND ? noSuchCommand(argv) : error, argv.includes('--json'))
  }
}

const longHelp = (arg: string): string => (arg === '-h' ? '--help' : arg)

function noSuchCommand(argv: readonly string[]): MfaError {
  const end = argv.findIndex((arg) => arg.startsWith('-'))
  const words = argv.slice(0, end < 0 ? argv.length : end).join(' ')
  return new MfaError('NO_SUCH_COMMAND', `"${words}" is no command of mfa`, {
    exit: 'usage',
    fix: 'mfa help lists the commands, mfa help TOPIC those of a topic.',
  })
}
