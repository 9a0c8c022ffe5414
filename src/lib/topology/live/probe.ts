import type {Topology} from '../../model/topology.js'
import {probeCertificates} from './certificates.js'
import {probeRadius} from './radius.js'
import {probeNames, probePorts} from './reach.js'
import {type Outcome, type ProbeDeps, type ProbeKind, type ProbeResult, PROBES, resultsOf} from './result.js'
import {probeSdk} from './sdk.js'
import {probeSticky} from './sticky.js'

export interface HaProbe {
  readonly results: readonly ProbeResult[]
  readonly counts: Readonly<Record<Outcome, number>>
}

/**
 * Looks at a deployment as it runs, and changes nothing. Every connection is bounded in time and made once.
 * Rejects with the signal's reason when aborted, and with nothing else.
 */
export async function probe(
  topology: Topology,
  kinds: readonly ProbeKind[],
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<HaProbe> {
  const {network, clock, ui, hasRadiusSecret} = deps
  const run: Readonly<Record<ProbeKind, () => Promise<readonly ProbeResult[]>>> = {
    name: () => probeNames(topology, network),
    port: () => probePorts(topology, network),
    certificate: () => probeCertificates(topology, network, clock),
    sdk: () => probeSdk(topology, network),
    sticky: () => probeSticky(topology, network),
    radius: () => probeRadius(topology, network, hasRadiusSecret),
    outbound: () => probeOutbound(deps),
  }
  const results: ProbeResult[] = []
  const wanted = PROBES.filter((kind) => kinds.includes(kind))
  for (const [done, kind] of wanted.entries()) {
    signal.throwIfAborted()
    ui.emit({type: 'progress', phase: `probing: ${kind}`, done, total: wanted.length})
    results.push(...(await run[kind]()))
    ui.emit({type: 'phase-end', phase: `probing: ${kind}`})
  }
  signal.throwIfAborted()
  const count = (outcome: Outcome) => results.filter((one) => one.outcome === outcome).length
  return {
    results,
    counts: {ok: count('ok'), warning: count('warning'), failed: count('failed'), unknown: count('unknown')},
  }
}

/** From this machine only; other servers have a script for it. */
async function probeOutbound({network, graphUrl, signInUrl}: ProbeDeps): Promise<readonly ProbeResult[]> {
  const urls = [`${graphUrl}/v1.0/organization`, `${signInUrl}/common/v2.0/.well-known/openid-configuration`]
  return Promise.all(
    urls.map(async (url) => {
      const {ok, failed} = resultsOf('outbound', 'H14', `${new URL(url).host} from this machine`)
      const answer = await network.reach(url)
      if (answer.kind === 'answered') return ok(`answers (HTTP ${answer.status})`)
      return failed(`cannot be reached: ${answer.why}`, 'Open TCP 443 to it, or set HTTPS_PROXY.')
    }),
  )
}
