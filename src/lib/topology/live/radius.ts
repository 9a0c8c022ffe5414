import {type BalancedName, radiusPatience, type Topology} from '../../model/topology.js'
import type {Network, RadiusAnswer, RadiusPatience} from '../../ports/network.js'
import {carrying, membersOf} from '../look.js'
import {all, at, type ProbeResult, resultsOf} from './result.js'

/** Clients that ask through the load balancer, each from a port of its own, so that all members get some. */
const CLIENTS = 8

/** Status-Server through each balanced name and at each server, and how long clients wait. */
export async function probeRadius(
  topology: Topology,
  network: Network,
  hasSecret: boolean,
): Promise<ProbeResult[]> {
  const names = carrying(topology, 'radius').map(({one}) => one)
  const waits = clientWaits(topology)
  if (names.length === 0) return waits
  if (!hasSecret)
    return [
      ...names.map((one) =>
        resultsOf('radius', 'H6', at(one.name, one)).unknown(
          'not asked: there is no shared secret',
          'Set MFA_RADIUS_SECRET to the secret of this machine as a RADIUS client.',
        ),
      ),
      ...waits,
    ]
  const patience = patienceOf(topology)
  const results = await all(names, (one) => probeName(topology, one, network, patience), 1)
  return [...results.flat(), ...waits]
}

/** As the most hurried of the clients would do. */
function patienceOf({radius}: Topology): RadiusPatience {
  const [hurried = {timeoutSeconds: 5, retries: 2}] = (radius?.clients ?? [])
    .map(radiusPatience)
    .toSorted((one, other) => one.timeoutSeconds - other.timeoutSeconds)
  return {
    // Status-Server waits for nobody: longer than this is no sign of life.
    intervalMs: Math.min(hurried.timeoutSeconds, 5) * 1000,
    transmissions: Math.min(hurried.retries, 3) + 1,
  }
}

async function probeName(
  topology: Topology,
  one: BalancedName,
  network: Network,
  patience: RadiusPatience,
): Promise<readonly ProbeResult[]> {
  const members = membersOf(topology, one)
  const each = await all(members, async (member) => {
    const port = topology.servers.find(({name}) => name === member.name)?.radiusPort ?? 1812
    const endpoint = {host: member.host, port}
    return {
      answer: await network.radius(endpoint, patience),
      target: at(`${member.name} behind ${one.name}`, endpoint),
    }
  })
  const through = await all(
    Array.from({length: CLIENTS}, () => one),
    ({host, port}) => network.radius({host, port}, patience),
  )
  const answered = through.filter((answer) => answer.kind === 'answered')
  const {ok, failed, unknown} = resultsOf('radius', 'H6', at(one.name, one))
  const slowest = Math.max(0, ...answered.map(({ms}) => ms))
  const most = Math.max(0, ...answered.map(({transmissions}) => transmissions))
  const wait = `the slowest ${answered.length < CLIENTS ? 'other' : `of ${CLIENTS} clients`} waited ${seconds(slowest)}, ${most === 1 ? 'one transmission' : `${most} transmissions`}`
  const down = each.filter(({answer}) => answer.kind === 'refused').length
  const balancer =
    answered.length === CLIENTS
      ? ok(
          `answers through the load balancer${down > 0 ? ` with ${down} of ${members.length} servers down` : ''}; ${wait}`,
        )
      : answered.length > 0
        ? failed(
            `${CLIENTS - answered.length} of ${CLIENTS} clients got no answer through the load balancer within ${seconds(patience.intervalMs * patience.transmissions)}; ${wait}`,
            'Let the load balancer leave out servers that are down.',
          )
        : unansweredName(through, unknown, failed)
  return [balancer, ...each.map(({answer, target}) => judgeRadius(answer, target))]
}

type Say = (detail: string, fix?: string) => ProbeResult

function unansweredName(through: readonly RadiusAnswer[], unknown: Say, failed: Say): ProbeResult {
  if (through.every(({kind}) => kind === 'refused'))
    return failed('refused, nothing listens there', 'Start the load balancer, or correct the port.')
  if (through.some(({kind}) => kind === 'wrong-secret')) return failed(WRONG, WRONG_FIX)
  return unknown(SILENT, SILENT_FIX)
}

const WRONG = 'answers with another shared secret'
const WRONG_FIX = 'Set MFA_RADIUS_SECRET to the secret that the server has for this machine.'
const SILENT =
  'no answer to Status-Server; whether it is down cannot be told, since many servers do not answer it'
const SILENT_FIX =
  'Check that this machine is a RADIUS client there with this secret, or sign in through a real client.'

export function judgeRadius(answer: RadiusAnswer, target: string): ProbeResult {
  const {ok, failed, unknown} = resultsOf('radius', 'H6', target)
  switch (answer.kind) {
    case 'answered':
      return ok(`answers Status-Server in ${seconds(answer.ms)}`)
    case 'refused':
      return failed('refused, nothing listens there', 'Start the service, or correct radiusPort.')
    case 'wrong-secret':
      return failed(WRONG, WRONG_FIX)
    case 'silent':
      return unknown(SILENT, SILENT_FIX)
    case 'failed':
      return failed(`cannot be asked: ${answer.why}`, 'Check the name and the route from here.')
    default:
      return answer satisfies never
  }
}

/** What a server that is down costs each client, by its own settings; nothing is sent for it. */
function clientWaits({radius}: Topology): ProbeResult[] {
  return (radius?.clients ?? []).map((client) => {
    const {name, targets} = client
    const {timeoutSeconds, retries} = radiusPatience(client)
    const {ok, warning} = resultsOf('radius', 'H6', name)
    const again = seconds(timeoutSeconds * 1000)
    if (targets.length < 2)
      return ok(
        `by its settings sends again after ${again}: so long a sign-in waits while its server is silent`,
      )
    return warning(
      `by its settings waits ${seconds(timeoutSeconds * (retries + 1) * 1000)} at each sign-in while ${targets[0]} is down, before it tries ${targets[1]}`,
      'Balance RADIUS and give the client one address.',
    )
  })
}

const seconds = (ms: number): string =>
  ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
