import {setImmediate} from 'node:timers/promises'

import {modelMaker} from './as-model.js'
import {GROUP_ID, GROUP_NAME, idOf, indexOf, indexOfSam, inventedUser, TENANT_ID} from './invented-user.js'

const PAGE = 999

/**
 * A Directory of `count` invented people that keeps nothing: everything is made anew from the number of the person. Each
 * answer comes with a later turn of the event loop, as one over a network does.
 */
export async function inventedDirectory(count) {
  const model = await modelMaker()
  return {
    tenantId: async () => TENANT_ID,
    findGroup: async () => ({id: GROUP_ID, displayName: GROUP_NAME, isDynamic: false}),
    async *members() {
      for (let from = 0; from < count; from += PAGE) {
        await setImmediate()
        yield Array.from({length: Math.min(PAGE, count - from)}, (_, at) =>
          model.identity(inventedUser(from + at)),
        )
      }
    },
    findUser: async (id) => model.identity(inventedUser(indexOf(id))),
    usersBySamAccountName: async (names) => {
      await setImmediate()
      return new Map(
        names.flatMap((name) => {
          const index = indexOfSam(name)
          return index === undefined || index >= count ? [] : [[name, [model.identity(inventedUser(index))]]]
        }),
      )
    },
    methods: async (ids) => {
      await setImmediate()
      return new Map(ids.map((id) => [id, model.methods(inventedUser(indexOf(id)))]))
    },
    tokens: async (serials) =>
      new Map(
        serials.flatMap((serial) => {
          const index = /^BENCH-(\d{7})$/.exec(serial)?.[1]
          const tokens = index === undefined ? [] : model.tokens(inventedUser(Number(index)))
          return tokens.length === 0 ? [] : [[serial, tokens]]
        }),
      ),
    methodsPolicy: async () => model.policy,
    idOf,
  }
}
