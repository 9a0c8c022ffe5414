import type {Topology} from '../../model/topology.js'
import type {Network, SdkTarget} from '../../ports/network.js'
import {carrying} from '../look.js'
import {hostPort} from '../generate/balancing.js'
import {all, at, type ProbeResult, resultsOf} from './result.js'

interface Ask {
  readonly target: string
  readonly sdk: SdkTarget
}

/** TestSecurity through each balanced name and on each server; TestMasterConnection says who reaches the primary. */
export async function probeSdk(topology: Topology, network: Network): Promise<ProbeResult[]> {
  const results = await all(asks(topology), async ({target, sdk}) => {
    const {ok, warning, failed} = resultsOf('sdk', 'H10', target)
    const answer = await network.sdk(sdk)
    if (answer.kind === 'answered')
      return [
        ok(`TestSecurity: ${answer.greeting.trim() || 'an empty answer'}`),
        ...primary(target, answer.reachesPrimary),
      ]
    const {kind, why, fix} = answer
    return [kind === 'refused' ? warning(`is there, but did not let us in: ${why}`, fix) : failed(why, fix)]
  })
  return results.flat()
}

function primary(target: string, reaches: boolean | undefined): readonly ProbeResult[] {
  const {ok, failed, unknown} = resultsOf('sdk', 'H2', target)
  if (reaches === undefined) return [unknown('TestMasterConnection says nothing about the primary')]
  return [
    reaches
      ? ok('TestMasterConnection: reaches the primary')
      : failed(
          'TestMasterConnection: does not reach the primary; sign-ins go on, changes of users do not',
          'Check the primary and the static replication port; promote a subordinate only if it is lost.',
        ),
  ]
}

function asks(topology: Topology): readonly Ask[] {
  const path = topology.paths.webServiceSdk
  const names = carrying(topology, 'web-service-sdk').map(({one}) => one)
  const url = (host: string, port: number) => `https://${hostPort(host, port)}${path}`
  return [
    ...names.map(({name, host, port}) => ({target: at(name, {host, port}), sdk: {url: url(host, port)}})),
    ...topology.servers
      .filter(({components}) => components.includes('web-service-sdk'))
      .map(({name, host, httpsPort: port}) => {
        // Its certificate is for the name that clients use.
        const balanced = names.find(({members}) => members.includes(name))
        const asked = balanced === undefined ? url(host, port) : url(balanced.host, balanced.port)
        return {target: at(name, {host, port}), sdk: {url: asked, via: {host, port}}}
      }),
  ]
}
