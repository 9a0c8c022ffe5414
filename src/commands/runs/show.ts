import {Args, Flags} from '@oclif/core'

import {runPage} from '../../lib/report/run-page.js'
import {showRun} from '../../lib/report/runs-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, reportFlag, settingsFlags} from '../../mfa-flags.js'

export default class RunsShow extends MfaCommand {
  static override summary = 'Show what one run did: every user, every write, the log file.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 01JD3W8ZK0T9V5Q1R4X7Y2N6PB',
    '<%= config.bin %> <%= command.id %> last --failed',
    '<%= config.bin %> <%= command.id %> last --report run.html',
  ]
  static override args = {
    run: Args.string({description: 'run id, its first letters, or "last"', required: true}),
  }
  static override flags = {
    failed: Flags.boolean({summary: 'Only users who failed or are in doubt.'}),
    csv: csvFlag,
    report: reportFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(RunsShow)
    const wired = await this.wire(flags)
    const options = {failedOnly: flags.failed, csv: flags.csv}
    const from = {journal: await wired.journal(), scratch: await wired.scratch()}
    const shown = await showRun(args.run, options, from, wired.show)
    await wired.writePage(flags.report, (_source, at) => runPage(shown, at))
    return shown
  }
}
