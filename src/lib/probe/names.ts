import {lookup, type LookupAddress} from 'node:dns'

import type {NameAnswer} from '../ports/network.js'
import {bounded, type Limits, until, words} from './limits.js'

type Lookup = (
  host: string,
  options: {readonly all: true},
  done: (error: Error | null, found: LookupAddress[]) => void,
) => void

/** As the system finds it. A question to it cannot be taken back, only no longer be waited for. */
export function resolveName(host: string, limits: Limits, ask: Lookup = lookup): Promise<NameAnswer> {
  const attempt = (signal: AbortSignal) =>
    until<NameAnswer>(signal, (resolve) => {
      ask(host, {all: true}, (error, found) =>
        resolve(
          error === null
            ? {kind: 'found', addresses: found.map(({address}) => address)}
            : {kind: 'unknown', why: words(error)},
        ),
      )
    })
  return bounded<NameAnswer>(limits, attempt, {kind: 'unknown', why: 'the name server does not answer'})
}
