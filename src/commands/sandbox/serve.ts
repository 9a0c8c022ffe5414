import {Flags} from '@oclif/core'

import {MfaCommand} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

export default class SandboxServe extends MfaCommand {
  static override summary =
    'Serve the sandbox tenant on loopback until Ctrl-C, for other programs or with faults.'
  static override description = `--faults takes NAME=VALUE pairs, separated by commas: throttle, bareThrottle (429 without Retry-After), error (5xx before the write), lost (5xx or no answer after the write), reset (connection cut before the write), slow (the answer comes two seconds late) as rates from 0 to 1; delay and consistency in milliseconds; writesPerSecond; maxKeys (certificates an application may have); strictKeys=1 (certificates that stay must be sent whole); seed.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --port 8080 --faults throttle=0.1,lost=0.02,consistency=2000,seed=7',
  ]
  static override flags = {
    port: Flags.integer({
      summary: 'Port on 127.0.0.1; any free one unless set.',
      default: 0,
      min: 0,
      max: 65_535,
    }),
    faults: Flags.string({summary: 'Faults to inject.', helpValue: 'NAME=VALUE,…'}),
    role: Flags.string({
      summary:
        'Directory role of the person who signs in with mfa auth login; Global Administrator unless set. Repeatable.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'tenant-file': Flags.string({summary: 'Fill an empty sandbox with this tenant.', helpValue: 'FILE'}),
    ...settingsFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(SandboxServe)
    const wired = await this.wire(flags)
    const {serveSandbox} = await import('../../wire-sandbox.js')
    const served = await serveSandbox(wired, flags)
    if (this.jsonEnabled()) this.logJson({schemaVersion: 1, ...served})
    else for (const line of served.lines) this.log(line)
    await this.untilInterrupted()
  }
}
