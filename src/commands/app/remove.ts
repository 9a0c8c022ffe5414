import {Flags} from '@oclif/core'

import {appFlags, changeFlags} from '../../app-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

export default class AppRemove extends MfaCommand {
  static override summary =
    'Take back what mfa app configure did: certificates, grants, the registration, the settings.'
  static override description = `An application that this tool made is deleted; one that it found is only cleaned of what was added. What was done is read from the state folder, so run it on the machine (or with the --state) that configured it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --tenant contoso.com',
    '<%= config.bin %> <%= command.id %> --yes --remove-key',
  ]
  static override flags = {
    ...appFlags,
    'remove-key': Flags.boolean({
      summary: 'Remove the key file as well; --no-remove-key keeps it. Asked unless given; kept with --yes.',
      allowNo: true,
    }),
    force: Flags.boolean({summary: 'Also where other machines have certificates in the application.'}),
    'dry-run': Flags.boolean({summary: 'Show what would be done; change nothing.'}),
    ...changeFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(AppRemove)
    const wired = await this.wire(flags)
    const {registrationDeps} = await import('../../wire-registration.js')
    const requests = await import('../../wire-registration-requests.js')
    const {removeRegistration} = await import('../../lib/registration/remove.js')
    const {showRemoved, showSteps} = await import('../../lib/report/app-report.js')
    const deps = await registrationDeps(wired, flags, {as: 'person', writes: true}, this.signal)
    const request = await requests.removeRequest(wired, flags, deps, showSteps(wired.show))
    return showRemoved(await removeRegistration(request, deps, this.signal), wired.show)
  }
}
