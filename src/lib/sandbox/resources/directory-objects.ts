import {z} from 'zod'

import type {Answer, Call} from '../call.js'
import {contextUrl, ok} from '../call.js'
import {readBody} from '../body.js'
import {badRequest} from '../graph-fault.js'
import {readNothing} from '../query/options.js'
import {findGroup, rowToGroup} from './groups.js'
import {findUser, toUser} from './users.js'
import type {StoredUser} from './users.js'

const getByIdsBody = z.strictObject({
  ids: z.array(z.string()).max(1000),
  types: z.array(z.string()).optional(),
})

/** POST directoryObjects/getByIds: those that exist; ids that do not are left out. */
export function getByIds(call: Call): Answer {
  readNothing(call)
  const body = readBody(call, getByIdsBody, badRequest)
  const types = body.types ?? ['directoryObject']
  const wanted = (type: string): boolean => types.includes(type) || types.includes('directoryObject')
  const value = [...new Set(body.ids)].flatMap((id): object[] => {
    const user = wanted('user') ? findUser(call.store, id) : undefined
    if (user !== undefined) {
      const stored = JSON.parse(user.body) as StoredUser
      // By object id only: a UPN is not an id.
      if (stored.id.toLowerCase() !== id.toLowerCase()) return []
      return [{'@odata.type': '#microsoft.graph.user', ...toUser(stored, undefined)}]
    }
    const group = wanted('group') ? findGroup(call.store, id) : undefined
    return group === undefined ? [] : [{'@odata.type': '#microsoft.graph.group', ...rowToGroup(group)}]
  })
  return ok({'@odata.context': contextUrl(call, 'directoryObjects'), value})
}
