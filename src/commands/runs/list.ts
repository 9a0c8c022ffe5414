import {showRuns} from '../../lib/report/runs-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'

export default class RunsList extends MfaCommand {
  static override summary = 'List the runs that this state remembers, newest first.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {csv: csvFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(RunsList)
    const wired = await this.wire(flags)
    const runs = await (await wired.journal()).runs()
    return showRuns(runs, wired.show, flags.csv)
  }
}
