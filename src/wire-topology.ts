import {readTopology} from './lib/config/topology-file.js'
import {cloud} from './lib/entra/clouds.js'
import type {CloudName} from './lib/model/cloud.js'
import {checkTopology, type HaCheck} from './lib/topology/check.js'
import type {CloudHosts} from './lib/topology/finding.js'

export {readTopology}

/** `mfa ha check`: reads the file and nothing else. Throws MfaError `data`. */
export async function checkFile(path: string): Promise<HaCheck> {
  const file = await readTopology(path)
  return checkTopology(file, cloudHosts(file.topology.cloud))
}

export function cloudHosts(name: CloudName): CloudHosts {
  const {graphRoot, authority} = cloud(name)
  return {graph: new URL(graphRoot).hostname, signIn: new URL(authority).hostname}
}
