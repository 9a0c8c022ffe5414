import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags, sourceFlags} from '../../mfa-flags.js'

const KINDS = ['name', 'port', 'certificate', 'sdk', 'sticky', 'radius', 'outbound'] as const

export default class HaProbe extends MfaCommand {
  static override summary = 'Look at a deployment as it runs, from this machine; read-only.'
  static override description = `Names, ports (443 and the static replication port on every server), certificates, the Web Service SDK through the balanced name and on each server, sticky sessions, RADIUS (Status-Server, shared secret from MFA_RADIUS_SECRET) and outbound HTTPS. What cannot be told from here is said to be unknown. Ends with 3 when a probe failed.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> topology.yaml --source-ca ca.pem',
    '<%= config.bin %> <%= command.id %> topology.yaml --only sticky --only radius',
  ]
  static override args = {
    topology: Args.string({description: 'topology file (YAML)', required: true}),
  }
  static override flags = {
    only: Flags.option({
      summary: 'Only probes of this kind; repeatable.',
      options: KINDS,
      multiple: true,
      multipleNonGreedy: true,
    })(),
    timeout: Flags.integer({
      summary: 'Seconds to wait for one answer.',
      helpValue: 'SECONDS',
      default: 5,
      min: 1,
      max: 120,
    }),
    csv: csvFlag,
    'source-certificate': sourceFlags['source-certificate'],
    'source-ca': sourceFlags['source-ca'],
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(HaProbe)
    const wired = await this.wire(flags)
    const {probeFile} = await import('../../wire-topology.js')
    const {probeJson, showHaProbe} = await import('../../lib/report/ha-probe-report.js')
    const wanted = {only: flags.only ?? KINDS, timeoutMs: flags.timeout * 1000}
    const found = await probeFile(args.topology, wanted, wired, this.signal)
    await showHaProbe(args.topology, found, wired.show, flags.csv)
    if (found.counts.failed > 0) this.exitWith('partial')
    return probeJson(args.topology, found)
  }
}
