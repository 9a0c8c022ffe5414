import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {consistencyFlag, tenantFlags, yesFlag} from '../../mfa-flags.js'

export default class ReadinessCampaign extends MfaCommand {
  static override summary =
    'Have Entra ask the members of a group at sign-in to register Microsoft Authenticator (registration campaign).'
  static override description = `Adds the group to the campaign of the authentication methods policy and switches it on; whom a campaign names that was off or left to Microsoft is not taken over. --off takes the group out again, or brings back what this tool found if nobody has changed it since. Journalled; what is so already is not written. Needs Policy.ReadWrite.AuthenticationMethod.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --dry-run',
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --snooze-days 3 --yes',
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --off',
  ]
  static override flags = {
    group: Flags.string({
      summary: 'Entra group, by display name or object id.',
      helpValue: 'NAME|ID',
      required: true,
    }),
    off: Flags.boolean({summary: 'Take the group out, or bring back what was found.'}),
    'snooze-days': Flags.integer({
      summary: 'How long somebody may put it off, in days.',
      helpValue: 'N',
      min: 0,
      max: 14,
    }),
    'dry-run': Flags.boolean({summary: 'Show; write nothing.'}),
    yes: yesFlag,
    consistency: consistencyFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(ReadinessCampaign)
    const wired = await this.wire(flags)
    const {campaignDeps} = await import('../../wire-readiness.js')
    const {setCampaign} = await import('../../lib/readiness/campaign.js')
    const {showCampaign, showPlannedCampaign} = await import('../../lib/report/sign-in-help-report.js')
    const request = {
      group: flags.group,
      off: flags.off,
      snoozeDays: flags['snooze-days'],
      yes: flags.yes,
      dryRun: flags['dry-run'],
      consistencyMs: flags.consistency * 1000,
      logFile: (await wired.log()).file,
      preview: showPlannedCampaign(wired.show),
    }
    const report = await setCampaign(request, await campaignDeps(wired), this.signal)
    return showCampaign(report, wired.again, wired.show)
  }
}
