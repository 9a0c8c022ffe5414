import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'

export default class LocksList extends MfaCommand {
  static override summary = 'List who holds which lock: host, user, process, since when.'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = {csv: csvFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {flags} = await this.parse(LocksList)
    const wired = await this.wire(flags)
    const {showLocks} = await import('../../lib/report/locks-report.js')
    return showLocks(await (await wired.journal()).locks(), wired.show, flags.csv)
  }
}
