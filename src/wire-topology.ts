import {Secret} from './lib/model/secret.js'
import {readTopology} from './lib/config/topology-file.js'
import {cloud, endpoints} from './lib/entra/clouds.js'
import {createFetch} from './lib/entra/network.js'
import type {CloudName} from './lib/model/cloud.js'
import type {Ui} from './lib/ports/ui.js'
import {checkTopology, type HaCheck} from './lib/topology/check.js'
import type {CloudHosts} from './lib/topology/finding.js'
import {type Format, FORMATS, generate} from './lib/topology/generate/generate.js'
import type {GeneratedFile} from './lib/topology/generate/generated.js'
import {type HaProbe, probe} from './lib/topology/live/probe.js'
import type {ProbeKind} from './lib/topology/live/result.js'
import type {Wiring} from './wire.js'
import {passwordOf} from './wire-source.js'

/** `mfa ha check`: reads the file and nothing else. Throws MfaError `data`. */
export async function checkFile(path: string): Promise<HaCheck> {
  const file = await readTopology(path)
  return checkTopology(file, cloudHosts(file.topology.cloud))
}

/** `mfa ha generate`; says so where the topology itself breaks a rule. Throws MfaError `data`. */
export async function generateFrom(path: string, format: string, ui: Ui): Promise<readonly GeneratedFile[]> {
  const file = await readTopology(path)
  const hosts = cloudHosts(file.topology.cloud)
  const made = generate(file, FORMATS.find((one) => one === format) as Format, hosts)
  const {blockers} = checkTopology(file, hosts)
  if (blockers > 0)
    ui.emit({type: 'warning', text: `${path} breaks rules of high availability: mfa ha check ${path}`})
  return made
}

/**
 * `mfa ha probe`. Looks from this machine, with the credentials of `--source`; `MFA_RADIUS_SECRET` is the shared secret.
 * Throws MfaError `data` for the file, `usage` for certificates and credentials.
 */
export async function probeFile(
  path: string,
  {only, timeoutMs}: {readonly only: readonly ProbeKind[]; readonly timeoutMs: number},
  wired: Wiring,
  signal: AbortSignal,
): Promise<HaProbe> {
  const {topology} = await readTopology(path)
  const {settings, ui, clock} = wired
  const {secureContext} = await import('./lib/source/web-service-sdk/tls-context.js')
  const {probeSdk} = await import('./lib/source/web-service-sdk/probe-sdk.js')
  const {createNetwork} = await import('./lib/probe/network.js')
  const caFile = settings.sourceCa?.value
  const certificate = settings.sourceCertificate && {
    file: settings.sourceCertificate.value,
    password: settings.sourceCertificatePassword?.value,
  }
  const identity = secureContext({caFile, certificate})
  const password = only.includes('sdk') ? await passwordOf(settings, ui) : undefined
  const radiusSecret = process.env['MFA_RADIUS_SECRET'] ?? ''
  const network = createNetwork({
    timeoutMs,
    signal,
    context: secureContext({caFile}),
    radiusSecret: new Secret(radiusSecret),
    fetch: createFetch(process.env),
    sdk: (target) =>
      probeSdk(
        target,
        {
          username: settings.sourceUsername?.value,
          password,
          context: identity,
          withCertificate: certificate !== undefined,
          timeoutMs: Math.max(timeoutMs, 10_000),
        },
        signal,
      ),
  })
  const {graphUrl, authorityUrl} = endpoints(topology.cloud, {
    graphUrl: settings.graphUrl?.value,
    authorityUrl: settings.authorityUrl?.value,
  })
  const deps = {network, clock, ui, hasRadiusSecret: radiusSecret !== '', graphUrl, signInUrl: authorityUrl}
  return probe(topology, only, deps, signal)
}

export function cloudHosts(name: CloudName): CloudHosts {
  const {graphRoot, authority} = cloud(name)
  return {graph: new URL(graphRoot).hostname, signIn: new URL(authority).hostname}
}
