import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

const FORMATS = ['iis', 'nginx', 'haproxy'] as const

export default class PortalRedirect extends MfaCommand {
  static override summary = 'What to put in front of the old user portal to send people to aka.ms/mfasetup.'
  static override description = `Every path of the portal is answered with 302; the mobile app service and the Web Service SDK are left alone. Users of RADIUS or LDAP clients may still need the old portal. Nothing is changed anywhere: the text goes to stdout, or into a file with --out.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --format nginx --certificate /etc/nginx/certs/mfa.pem --forward https://mfa-up-mas1.contoso.com',
    '<%= config.bin %> <%= command.id %> --format haproxy --listen 192.0.2.102:80 --out ./portal',
  ]
  static override flags = {
    format: Flags.option({
      summary: 'What stands in front of the portal.',
      options: FORMATS,
      default: 'iis',
    })(),
    listen: Flags.string({
      summary: 'Where it listens; 80 unless set, 443 with --certificate. Not for iis.',
      helpValue: '[ADDRESS:]PORT',
    }),
    certificate: Flags.string({
      summary: 'PEM file with certificate and key, on that machine. Not for iis.',
      helpValue: 'FILE',
    }),
    forward: Flags.string({
      summary: 'Where the mobile app service and the SDK are, if they share the name; else 404. Not for iis.',
      helpValue: 'URL',
    }),
    out: Flags.string({summary: 'Folder to write the file to, instead of stdout.', helpValue: 'FOLDER'}),
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(PortalRedirect)
    const {out, ...others} = flags
    const wired = await this.wire(others)
    const {NEW_PORTAL, portalRedirect, STILL_NEEDED} =
      await import('../../lib/topology/generate/portal-redirect.js')
    const {showGenerated} = await import('../../lib/report/generated-report.js')
    const made = portalRedirect(flags.format, flags)
    const shown = await showGenerated(made, wired.show, out)
    wired.ui.emit({type: 'note', text: STILL_NEEDED})
    return {format: flags.format, location: NEW_PORTAL, ...shown, note: STILL_NEEDED}
  }
}
