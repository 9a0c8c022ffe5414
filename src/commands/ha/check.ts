import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, reportFlag, settingsFlags} from '../../mfa-flags.js'

export default class HaCheck extends MfaCommand {
  static override summary = 'Check a topology file against the rules of high availability (H1-H14).'
  static override description = `Reads the file and nothing else: no server is asked. Each finding has its rule, its line and what to do.
Ends with 2 when something blocks, with 65 when the file itself is wrong.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> topology.yaml',
    '<%= config.bin %> <%= command.id %> topology.yaml --report ha.html --sarif ha.sarif',
  ]
  static override args = {
    topology: Args.string({description: 'topology file (YAML)', required: true}),
  }
  static override flags = {
    sarif: Flags.string({summary: 'Also write the findings as SARIF 2.1.0.', helpValue: 'FILE'}),
    report: reportFlag,
    csv: csvFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(HaCheck)
    const wired = await this.wire(flags)
    const {checkFile} = await import('../../wire-topology.js')
    const {RULES} = await import('../../lib/topology/finding.js')
    const {haJson, haPage, showHaCheck} = await import('../../lib/report/ha-report.js')
    const found = await checkFile(args.topology)
    await showHaCheck(found, RULES, wired.show, flags)
    await wired.writePage(flags.report, (_source, at) => haPage(found, RULES, at))
    if (found.blockers > 0) this.exitWith('differences')
    return haJson(found, RULES)
  }
}
