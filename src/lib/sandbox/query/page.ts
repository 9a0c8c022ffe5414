import type {Answer, Call} from '../call.js'
import {contextUrl, ok} from '../call.js'
import type {QueryOptions} from './options.js'
import {skipToken} from './options.js'

/** One item together with its place in the order of the collection. */
export interface Placed {
  readonly position: number
  readonly item: object
}

/**
 * One page with an absolute @odata.nextLink where more follow.
 * `fetch` gives up to `limit` items after a position, in order; `count` is asked only if the caller may know it.
 */
export function page(
  call: Call,
  options: QueryOptions,
  source: {
    readonly context: string
    readonly fetch: (after: number, limit: number) => readonly Placed[]
    readonly count: () => number
  },
): Answer {
  const found = source.fetch(options.after, options.top + 1)
  const shown = found.slice(0, options.top)
  const last = shown.at(-1)
  return ok({
    '@odata.context': contextUrl(call, source.context),
    // As Graph does: the first page says how many there are.
    ...(options.counted && options.after === 0 ? {'@odata.count': source.count()} : {}),
    ...(found.length > options.top && last !== undefined
      ? {'@odata.nextLink': nextLink(call, last.position)}
      : {}),
    value: shown.map(({item}) => project(item, options.select)),
  })
}

/** A collection that is small by nature and lies in memory: same options, same paging. */
export function pageOf(call: Call, options: QueryOptions, context: string, items: readonly object[]): Answer {
  return page(call, options, {
    context,
    fetch: (after, limit) =>
      items.slice(after, after + limit).map((item, index) => ({position: after + index + 1, item})),
    count: () => items.length,
  })
}

/** Only the selected properties that this kind of object has; annotations stay. */
export function project(item: object, select: readonly string[] | undefined): object {
  if (select === undefined) return item
  return Object.fromEntries(
    Object.entries(item).filter(([name]) => name.startsWith('@') || select.includes(name)),
  )
}

function nextLink(call: Call, position: number): string {
  const kept = [...call.query].filter(([name]) => name !== '$skiptoken')
  const query = [...kept, ['$skiptoken', skipToken(position)] as const]
  return `${call.root}/${call.version}${call.path}?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}
