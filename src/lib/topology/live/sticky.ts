import type {BalancedName, ServerMark, Topology} from '../../model/topology.js'
import type {Network, WebAnswer} from '../../ports/network.js'
import type {RuleId} from '../finding.js'
import {carrying, listed, membersOf} from '../look.js'
import {all, at, type ProbeResult, resultsOf} from './result.js'

/** By chance two servers look like one in 20 requests about twice in a million times. */
const REQUESTS = 20

/** Portal and mobile app service always (H8); where one-way SMS is used also the SDK and RADIUS (H7). */
export async function probeSticky(topology: Topology, network: Network): Promise<ProbeResult[]> {
  const {paths, oneWaySms} = topology
  const looks: {one: BalancedName; rule: RuleId; what: string; path: string}[] = [
    ...carrying(topology, 'user-portal').map(({one}) => ({
      one,
      rule: 'H8' as const,
      what: 'user portal',
      path: paths.userPortal,
    })),
    ...carrying(topology, 'mobile-app').map(({one}) => ({
      one,
      rule: 'H8' as const,
      what: 'mobile app service',
      path: paths.mobileApp,
    })),
    ...(oneWaySms
      ? carrying(topology, 'web-service-sdk').map(({one}) => ({
          one,
          rule: 'H7' as const,
          what: 'one-way SMS over the SDK',
          path: paths.webServiceSdk,
        }))
      : []),
  ]
  const results = await all(
    looks,
    async ({one, rule, what, path}) => {
      const {unknown} = resultsOf('sticky', rule, `${at(one.name, one)} ${what}`)
      const rotation = one.members.filter((member) => !one.outOfRotation.includes(member))
      if (rotation.length < 2) return unknown('one member is in rotation only: nothing to be told apart')
      const {mark} = one
      if (mark === undefined)
        return unknown(
          'cannot tell: the topology names no mark',
          'Let each server send a header with its name, and add mark: {header: NAME}.',
        )
      const answering = await countAnswering(topology, one, network)
      const session = await askMany(one, path, network, true)
      const strangers = await askMany(one, path, network, false)
      const marksOfSession = marksOf(session, mark, network)
      const marksOfStrangers = marksOf(strangers, mark, network)
      if (marksOfSession === undefined || marksOfStrangers === undefined)
        return unknown(
          'cannot tell: the pattern of the mark takes too long on the page',
          'Write it simpler, with no repetition inside another: (a+)+ tries every way to share out the same letters.',
        )
      return judgeSticky({
        target: `${at(one.name, one)} ${what}`,
        rule,
        sticky: one.sticky,
        answering,
        session: marksOfSession,
        strangers: marksOfStrangers,
      })
    },
    1,
  )
  const radius = oneWaySms ? carrying(topology, 'radius') : []
  return [
    ...results,
    ...radius.map(({one}) =>
      resultsOf('sticky', 'H7', `${at(one.name, one)} one-way SMS over RADIUS`).unknown(
        'cannot tell: RADIUS answers carry nothing that tells the servers apart',
        'Sign in with a text message several times, or look at the load balancer.',
      ),
    ),
  ]
}

/** Members that take connections; fewer than two tell nothing about stickiness. */
async function countAnswering(topology: Topology, one: BalancedName, network: Network): Promise<number> {
  const members = membersOf(topology, one).filter(({name}) => !one.outOfRotation.includes(name))
  const answers = await all(members, ({host, httpsPort: port}) => network.tcp({host, port}))
  return answers.filter(({kind}) => kind === 'open').length
}

/** One after the other, each on a connection of its own; with the cookies of the answers before, or without any. */
async function askMany(
  {host, port}: BalancedName,
  path: string,
  network: Network,
  keepsCookies: boolean,
): Promise<readonly WebAnswer[]> {
  const jar = new Map<string, string>()
  const answers: WebAnswer[] = []
  for (let count = 0; count < REQUESTS; count++) {
    const cookies = keepsCookies ? [...jar.values()] : []
    const answer = await network.get({endpoint: {host, port}, name: host, path, cookies})
    answers.push(answer)
    // Whoever is silent now would be so twenty times over.
    if (answer.kind === 'failed') break
    for (const cookie of answer.cookies) jar.set(cookie.split('=')[0] ?? '', cookie)
  }
  return answers
}

/** An entry is undefined where the answer has no mark, or there is no answer; the whole where the pattern is too slow. */
export function marksOf(
  answers: readonly WebAnswer[],
  mark: ServerMark,
  network: Pick<Network, 'find'>,
): readonly (string | undefined)[] | undefined {
  const marks: (string | undefined)[] = []
  for (const answer of answers) {
    if (answer.kind === 'failed') marks.push(undefined)
    else if ('header' in mark) marks.push(answer.headers[mark.header.toLowerCase()])
    else {
      const found = network.find(mark.body, answer.body)
      if (found.kind === 'gave-up') return undefined
      marks.push(found.kind === 'found' ? found.text : undefined)
    }
  }
  return marks
}

export interface StickyFacts {
  readonly target: string
  readonly rule: RuleId
  /** What the topology says. */
  readonly sticky: BalancedName['sticky']
  readonly answering: number
  /** Marks of the answers to one client that keeps its cookies. */
  readonly session: readonly (string | undefined)[]
  /** Marks of the answers to clients without cookies. */
  readonly strangers: readonly (string | undefined)[]
}

export function judgeSticky({target, rule, sticky, answering, session, strangers}: StickyFacts): ProbeResult {
  const {ok, failed, unknown} = resultsOf('sticky', rule, target)
  const everything = [...session, ...strangers]
  const without = everything.filter((mark) => mark === undefined).length
  const ofSession = [...new Set(session.filter((mark) => mark !== undefined))]
  const ofStrangers = [...new Set(strangers.filter((mark) => mark !== undefined))]
  if (ofSession.length > 1)
    return failed(
      `not sticky: one session got answers from ${listed(ofSession.toSorted())}`,
      'Switch sticky sessions on in the load balancer: mfa ha generate FILE --format haproxy, or nginx.',
    )
  if (without === everything.length && without < REQUESTS)
    return unknown('cannot tell: no answer', 'See the ports and certificates above.')
  if (without > 0)
    return unknown(
      `cannot tell: ${without} of ${everything.length} requests got no answer with the mark`,
      'Check the path, and that every server sends the mark with every answer.',
    )
  if (answering < 2)
    return unknown(`cannot tell: ${answering} member answers in all`, 'Start the others and probe again.')
  const [server] = ofSession
  if (ofStrangers.length > 1)
    return ok(
      `sticky: one session stayed on ${server} over ${session.length} requests, others reached ${listed(ofStrangers.toSorted())}`,
    )
  if (sticky === 'source-address' && ofStrangers[0] === server)
    return ok(`sticky by address: everything from here went to ${server}, ${everything.length} requests`)
  return unknown(
    `cannot tell: all ${everything.length} requests went to ${server}, with and without a cookie`,
    'Is it sticky by address (then say sticky: source-address), or do the others get nothing?',
  )
}
