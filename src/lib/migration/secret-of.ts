import type {OathSecret} from '../model/secret.js'
import type {ServerUser} from '../model/server-user.js'
import type {ItemRef} from './plan.js'

/** The OATH secret of a device or token that a plan names; undefined if the record has none there. */
export function secretOf(server: ServerUser, item: ItemRef): OathSecret | undefined {
  const [kind, index] = item.split(':')
  const at = Number(index)
  return kind === 'device' ? server.devices[at]?.oathSecret : server.oathTokens[at]?.secret
}
