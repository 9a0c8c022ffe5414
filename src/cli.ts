import {run as runOclif} from '@oclif/core'

import {report} from './mfa-command.js'

/** Runs the command line. Never calls `process.exit`, so that nothing written is cut short. */
export async function run(argv: string[], root: string): Promise<void> {
  try {
    await runOclif(argv, root)
  } catch (error) {
    report(error, argv.includes('--json'))
  }
}
