import type {Answer, Call, Handler} from '../call.js'
import {contextUrl, entity, NO_CONTENT, ok, param} from '../call.js'
import {factOf, factsOf} from '../facts.js'
import {methodNotFound} from '../graph-fault.js'
import type {EntityType} from '../query/options.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {pageOf, project} from '../query/page.js'
import {changed, removeMethod} from './method-changes.js'
import {hardwareMethodsOf, HARDWARE_METHOD_TYPE} from './hardware-tokens.js'
import {METHOD_KINDS, methodType, toMethod} from './method-kinds.js'
import type {MethodKind} from './method-kinds.js'
import {userOf} from './users.js'

const KINDS = Object.keys(METHOD_KINDS) as MethodKind[]

/** The password, which every user has and nobody can delete. */
const PASSWORD_ID = '28c10230-6103-485e-b985-444c60001490'

const ANY_METHOD: EntityType = {
  name: 'microsoft.graph.authenticationMethod',
  properties: new Set(['id', 'createdDateTime', 'lastUsedDateTime']),
  filter: {},
}

/** GET authentication/methods: all kinds together, each with its type; v1.0 knows no hardware OATH tokens. */
export function listMethods(call: Call): Answer {
  const options = readOptions(call, ANY_METHOD, {directory: false})
  return pageOf(
    call,
    options,
    `users('${call.params['user'] ?? ''}')/authentication/methods`,
    everyMethod(call),
  )
}

export function getMethod(call: Call): Answer {
  const select = readSelect(call, ANY_METHOD)
  const id = param(call, 'method')
  const found = everyMethod(call).find((method) => method.id === id)
  if (found === undefined) throw methodNotFound(id)
  return ok({'@odata.context': contextUrl(call, 'authenticationMethods/$entity'), ...project(found, select)})
}

/** GET of a typed collection. */
export function listKind(kind: MethodKind): Handler {
  return (call): Answer => {
    const {seq} = userOf(call)
    const options = readOptions(call, methodType(kind), {directory: false})
    const items = factsOf<object>(call.store, seq, kind, call.seenAt)
    const context = `users('${call.params['user'] ?? ''}')/authentication/${METHOD_KINDS[kind].collection}`
    return pageOf(
      call,
      options,
      context,
      items.map((item) => toMethod(kind, item.id, item.body, call.version)),
    )
  }
}

export function getKind(kind: MethodKind): Handler {
  return (call): Answer => {
    const {seq} = userOf(call)
    const select = readSelect(call, methodType(kind))
    const id = param(call, 'method')
    const found = factOf<object>(call.store, seq, kind, id, call.seenAt)
    if (found === undefined) throw methodNotFound(id)
    const context = `users('${call.params['user'] ?? ''}')/authentication/${METHOD_KINDS[kind].collection}`
    return entity(call, context, project(toMethod(kind, id, found, call.version), select))
  }
}

/** DELETE of a method that nothing else depends on. */
export function deleteKind(kind: MethodKind): Handler {
  return (call): Answer => {
    readNothing(call)
    const {seq} = userOf(call)
    const id = param(call, 'method')
    if (!removeMethod(call, seq, kind, id)) throw methodNotFound(id)
    changed(call, seq)
    return NO_CONTENT
  }
}

function everyMethod(call: Call): {readonly id: string}[] {
  const {seq, stored} = userOf(call)
  const facts = KINDS.flatMap((kind) =>
    factsOf<object>(call.store, seq, kind, call.seenAt).map((fact) => ({
      '@odata.type': `#${methodType(kind).name}`,
      ...toMethod(kind, fact.id, fact.body, call.version),
      id: fact.id,
    })),
  )
  const tokens =
    call.version === 'beta'
      ? hardwareMethodsOf(call, seq).map((method) => ({
          '@odata.type': `#${HARDWARE_METHOD_TYPE.name}`,
          ...method,
        }))
      : []
  const password = {
    '@odata.type': '#microsoft.graph.passwordAuthenticationMethod',
    id: PASSWORD_ID,
    createdDateTime: stored.createdDateTime,
    password: null,
  }
  return [password, ...facts, ...tokens]
}
