import {randomUUID} from 'node:crypto'

import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {badRequest, GraphFault, notFound} from '../graph-fault.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import {listTable} from '../query/table.js'
import {assign} from './hardware-oath-methods.js'
import {
  COLUMNS,
  DEVICE_TYPE,
  endToken,
  findTokens,
  freeToken,
  putToken,
  rowToToken,
  toDevice,
} from './hardware-tokens.js'
import type {Token, TokenRow} from './hardware-tokens.js'
import {findUser, storedUser} from './users.js'

const CONTEXT = 'directory/authenticationMethodDevices/hardwareOathDevices'

const interval = z.union([z.literal(30), z.literal(60)])
const hashFunction = z.enum(['hmacsha1', 'hmacsha256'])
const newToken = {
  '@odata.type': z.string().optional(),
  serialNumber: z.string().min(1),
  manufacturer: z.string().min(1),
  model: z.string().min(1),
  secretKey: z.string().regex(/^[A-Za-z2-7]{1,128}$/, 'must be Base32 of at most 128 characters'),
  hashFunction: hashFunction.optional(),
  assignTo: z.strictObject({id: z.string()}).optional(),
}
const createBody = z.strictObject({
  ...newToken,
  timeIntervalInSeconds: interval,
  displayName: z.string().nullable().optional(),
})
const bulkBody = z.strictObject({
  '@context': z.literal('#$delta'),
  value: z
    .array(
      z.strictObject({
        ...newToken,
        '@contentId': z.string(),
        timeIntervalInSeconds: z.union([interval, z.enum(['30', '60'])]),
      }),
    )
    .min(1),
})
const updateBody = z
  .strictObject({
    manufacturer: z.string().min(1).optional(),
    model: z.string().min(1).optional(),
    timeIntervalInSeconds: interval.optional(),
    hashFunction: hashFunction.optional(),
    displayName: z.string().nullable().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'nothing to update')

type NewToken = z.infer<typeof createBody>

export function listDevices(call: Call): Answer {
  const options = readOptions(call, DEVICE_TYPE, {directory: false})
  const {condition} = options
  const seen = [call.seenAt, call.seenAt]
  return listTable<TokenRow>(
    call,
    options,
    {
      from: 'devices d',
      columns: COLUMNS,
      context: CONTEXT,
      item: (row) => toDevice(call.store, rowToToken(row)),
    },
    {
      ...condition,
      sql: `${condition.sql} AND d.since <= ? AND d.until > ?`,
      values: [...condition.values, ...seen],
    },
  )
}

export function getDevice(call: Call): Answer {
  const select = readSelect(call, DEVICE_TYPE)
  const [token] = findTokens(call.store, 'id', param(call, 'device'), call.seenAt)
  if (token === undefined) throw notFound(param(call, 'device'))
  return entity(call, CONTEXT, project(toDevice(call.store, token), select))
}

export function createDevice(call: Call): Answer {
  readNothing(call)
  const token = create(call, readBody(call, createBody, badRequest))
  return entity(call, CONTEXT, toDevice(call.store, token), 201)
}

/** PATCH of the collection: all of the tokens, or none. */
export function createDevices(call: Call): Answer {
  readNothing(call)
  const {value} = readBody(call, bulkBody, badRequest)
  const made = value.map((item) => {
    const {'@contentId': contentId, timeIntervalInSeconds, ...rest} = item
    const token = create(call, {
      ...rest,
      timeIntervalInSeconds: Number(timeIntervalInSeconds) === 60 ? 60 : 30,
    })
    return {'@contentId': contentId, ...toDevice(call.store, token)}
  })
  return {status: 201, body: {'@context': '#$delta', value: made}}
}

/** PATCH: while nobody has it; serial number and secret never. 204. */
export function updateDevice(call: Call): Answer {
  readNothing(call)
  const token = unassigned(call)
  const changes = readBody(call, updateBody, badRequest)
  const body = {
    ...token.body,
    manufacturer: changes.manufacturer ?? token.body.manufacturer,
    model: changes.model ?? token.body.model,
    timeIntervalInSeconds: changes.timeIntervalInSeconds ?? token.body.timeIntervalInSeconds,
    hashFunction: changes.hashFunction ?? token.body.hashFunction,
    displayName: changes.displayName === undefined ? token.body.displayName : changes.displayName,
  }
  putToken(call.store, {...token, body}, call.moment)
  return NO_CONTENT
}

export function deleteDevice(call: Call): Answer {
  readNothing(call)
  endToken(call.store, unassigned(call).id, call.moment)
  return NO_CONTENT
}

function unassigned(call: Call): Token {
  const [token] = findTokens(call.store, 'id', param(call, 'device'))
  if (token === undefined) throw notFound(param(call, 'device'))
  if (token.owner !== null) throw badRequest('The token is assigned to a user. Unassign it first.')
  return token
}

function create(call: Call, body: NewToken): Token {
  if (findTokens(call.store, 'serial', body.serialNumber).length > 0) {
    throw badRequest(`A token with the serial number ${body.serialNumber} already exists.`)
  }
  const token = freeToken(body, randomUUID())
  if (body.assignTo === undefined) {
    putToken(call.store, token, call.moment)
    return token
  }
  if (call.caller.kind === 'app' && !call.caller.roles.includes('UserAuthenticationMethod.ReadWrite.All')) {
    throw new GraphFault(403, 'Authorization_RequestDenied', 'Insufficient privileges to assign the token.')
  }
  const user = findUser(call.store, body.assignTo.id)
  const stored = user === undefined ? undefined : storedUser(call.store, user.seq)
  if (user === undefined || stored === undefined) throw notFound(body.assignTo.id)
  return assign(call, token, user.seq, stored)
}
