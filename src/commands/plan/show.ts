import {Args} from '@oclif/core'

import {openPlan} from '../../lib/migration/plan-file.js'
import {planPage} from '../../lib/report/plan-page.js'
import {showSavedPlan} from '../../lib/report/plan-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, reportFlag, settingsFlags} from '../../mfa-flags.js'

export default class PlanShow extends MfaCommand {
  static override summary = 'Show a saved plan.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --report plan.html',
  ]
  static override args = {plan: Args.string({description: 'plan file', required: true})}
  static override flags = {csv: csvFlag, report: reportFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(PlanShow)
    const wired = await this.wire(flags)
    const plan = await openPlan(args.plan, wired.files)
    const shown = await showSavedPlan(plan, await wired.scratch(), wired.show, flags.csv)
    await wired.writePage(flags.report, (_source, at) => planPage(shown, at))
    return shown
  }
}
