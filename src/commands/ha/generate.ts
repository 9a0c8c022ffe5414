import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

export default class HaGenerate extends MfaCommand {
  static override summary =
    'Make configuration out of a topology file: load balancers, static port, firewall, diagram.'
  static override description = `Sticky where rules H7 and H8 ask for it, stateless where that is allowed; RADIUS over UDP for nginx. Nothing is changed anywhere: the text goes to stdout, or into files with --out.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> topology.yaml --format haproxy > haproxy.cfg',
    '<%= config.bin %> <%= command.id %> topology.yaml --format nginx --out ./load-balancer',
    '<%= config.bin %> <%= command.id %> topology.yaml --format powershell --out ./scripts',
  ]
  static override args = {
    topology: Args.string({description: 'topology file (YAML)', required: true}),
  }
  static override flags = {
    format: Flags.string({
      summary: 'What to make.',
      options: ['haproxy', 'nginx', 'registry', 'powershell', 'firewall', 'mermaid'],
      required: true,
    }),
    out: Flags.string({summary: 'Folder to write the files to, instead of stdout.', helpValue: 'FOLDER'}),
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(HaGenerate)
    const {out, ...others} = flags
    const wired = await this.wire(others)
    const {generateFrom} = await import('../../wire-topology.js')
    const {showGenerated} = await import('../../lib/report/generated-report.js')
    const made = await generateFrom(args.topology, flags.format, wired.ui)
    return {format: flags.format, ...(await showGenerated(made, wired.show, out))}
  }
}
