import {Args, Flags} from '@oclif/core'

import {showRun} from '../../lib/report/runs-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'

export default class RunsShow extends MfaCommand {
  static override summary = 'Show what one run did: every user, every write, the log file.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 01JD3W8ZK0T9V5Q1R4X7Y2N6PB',
    '<%= config.bin %> <%= command.id %> last --failed',
  ]
  static override args = {
    run: Args.string({description: 'run id, its first letters, or "last"', required: true}),
  }
  static override flags = {
    failed: Flags.boolean({summary: 'Only users who failed or are in doubt.'}),
    csv: csvFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RunsShow)
    const wired = await this.wire(flags)
    return showRun(args.run, {failedOnly: flags.failed, csv: flags.csv}, await wired.journal(), wired.show)
  }
}
