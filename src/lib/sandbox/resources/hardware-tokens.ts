import type {
  HardwareOathAuthenticationMethod,
  HardwareOathTokenAuthenticationMethodDevice,
} from '@microsoft/microsoft-graph-types-beta'

import type {Call} from '../call.js'
import type {Moment} from '../facts.js'
import type {EntityType} from '../query/options.js'
import type {Store} from '../store.js'
import {CURRENT, FOREVER} from '../store.js'
import {storedUser} from './users.js'

/** A token of the inventory. The secret and the last accepted step never leave this folder's rows. */
export interface Token {
  readonly id: string
  /** Seq of the user it is assigned to. */
  readonly owner: number | null
  /** Id of the user's method; another one at each assignment. */
  readonly method: string | null
  readonly status: 'available' | 'assigned' | 'activated' | 'failedActivation'
  readonly secret: string
  readonly step: number
  readonly body: TokenBody
}

export interface TokenBody {
  readonly displayName: string | null
  readonly serialNumber: string
  readonly manufacturer: string
  readonly model: string
  readonly timeIntervalInSeconds: 30 | 60
  readonly hashFunction: 'hmacsha1' | 'hmacsha256'
  readonly assignedAt: string | null
}

export interface TokenRow {
  readonly seq: number
  readonly id: string
  readonly owner: number | null
  readonly method: string | null
  readonly status: Token['status']
  readonly secret: string
  readonly step: number
  readonly body: string
}

export const DEVICE_TYPE: EntityType = {
  name: 'microsoft.graph.hardwareOathTokenAuthenticationMethodDevice',
  properties: new Set([
    'id',
    'displayName',
    'serialNumber',
    'manufacturer',
    'model',
    'secretKey',
    'timeIntervalInSeconds',
    'status',
    'lastUsedDateTime',
    'hashFunction',
    'assignedTo',
  ]),
  filter: {
    id: {column: 'd.id', type: 'text'},
    serialNumber: {column: 'd.serial', type: 'text'},
    displayName: {column: 'd.name', type: 'text'},
    manufacturer: {column: 'd.maker', type: 'text'},
    model: {column: 'd.model', type: 'text'},
    status: {column: 'lower(d.status)', type: 'text'},
  },
}

export const HARDWARE_METHOD_TYPE: EntityType = {
  name: 'microsoft.graph.hardwareOathAuthenticationMethod',
  properties: new Set(['id', 'createdDateTime', 'lastUsedDateTime', 'device']),
  filter: {},
}

/** Of a TokenRow, from `devices d`. */
export const COLUMNS = 'd.seq, d.id, d.owner, d.method, d.status, d.secret, d.step, d.body'

/** The token with this id or, with `by: 'serial'`, every token with this serial number. */
export function findTokens(store: Store, by: 'id' | 'serial', value: string, seenAt = CURRENT): Token[] {
  return store
    .all<TokenRow>(
      `SELECT ${COLUMNS} FROM devices d WHERE d.${by} = ? AND d.since <= ? AND d.until > ? ORDER BY d.seq`,
      value.toLowerCase(),
      seenAt,
      seenAt,
    )
    .map(rowToToken)
}

export function tokensOf(store: Store, owner: number, seenAt = CURRENT): Token[] {
  return store
    .all<TokenRow>(
      `SELECT ${COLUMNS} FROM devices d WHERE d.owner = ? AND d.since <= ? AND d.until > ? ORDER BY d.seq`,
      owner,
      seenAt,
      seenAt,
    )
    .map(rowToToken)
}

export function countTokensOf(store: Store, owner: number): number {
  return tokensOf(store, owner).length
}

export function hasActivatedToken(store: Store, owner: number): boolean {
  return tokensOf(store, owner).some((token) => token.status === 'activated')
}

/** What makes a token, as Graph's body and a tenant file have it. */
export interface TokenMake {
  readonly serialNumber: string
  readonly manufacturer: string
  readonly model: string
  readonly secretKey: string
  readonly timeIntervalInSeconds: 30 | 60
  readonly hashFunction?: 'hmacsha1' | 'hmacsha256' | undefined
  readonly displayName?: string | null | undefined
}

/** A new token that nobody has. */
export function freeToken(make: TokenMake, id: string): Token {
  const {serialNumber, manufacturer, model, timeIntervalInSeconds} = make
  return {
    id,
    owner: null,
    method: null,
    status: 'available',
    secret: make.secretKey,
    step: 0,
    body: {
      displayName: make.displayName ?? null,
      serialNumber,
      manufacturer,
      model,
      timeIntervalInSeconds,
      hashFunction: make.hashFunction ?? 'hmacsha1',
      assignedAt: null,
    },
  }
}

/** Writes the token as it is now; its former state stays for delayed reads. */
export function putToken(store: Store, token: Token, moment: Moment): void {
  endToken(store, token.id, moment)
  store.run(
    `INSERT INTO devices (id, serial, name, maker, model, status, owner, method, secret, step, body, since, until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    token.id.toLowerCase(),
    token.body.serialNumber.toLowerCase(),
    token.body.displayName?.toLowerCase() ?? null,
    token.body.manufacturer.toLowerCase(),
    token.body.model.toLowerCase(),
    token.status,
    token.owner,
    token.method,
    token.secret,
    token.step,
    JSON.stringify(token.body),
    moment.at,
    FOREVER,
  )
}

export function endToken(store: Store, id: string, moment: Moment): void {
  store.run('DELETE FROM devices WHERE id = ? AND until <= ?', id, moment.at - moment.keep)
  if (moment.keep === 0) store.run('DELETE FROM devices WHERE id = ? AND until = ?', id, FOREVER)
  else store.run('UPDATE devices SET until = ? WHERE id = ? AND until = ?', moment.at, id, FOREVER)
}

export function rowToToken(row: TokenRow): Token {
  return {...row, body: JSON.parse(row.body) as TokenBody}
}

/** As Graph shows a token: never with its secret. */
export function toDevice(store: Store, token: Token): HardwareOathTokenAuthenticationMethodDevice {
  const {displayName, serialNumber, manufacturer, model, timeIntervalInSeconds, hashFunction} = token.body
  const user = token.owner === null ? undefined : storedUser(store, token.owner)
  return {
    id: token.id,
    displayName,
    serialNumber,
    manufacturer,
    model,
    secretKey: null,
    timeIntervalInSeconds,
    status: token.status,
    lastUsedDateTime: null,
    hashFunction,
    assignedTo: user === undefined ? null : {id: user.id, displayName: user.displayName},
  }
}

/** The user's tokens as methods, as they stood at the moment that the caller sees. */
export function hardwareMethodsOf(
  call: Call,
  owner: number,
): (HardwareOathAuthenticationMethod & {id: string})[] {
  return tokensOf(call.store, owner, call.seenAt).map((token) => toHardwareMethod(call, token))
}

export function toHardwareMethod(call: Call, token: Token): HardwareOathAuthenticationMethod & {id: string} {
  return {
    id: token.method ?? token.id,
    createdDateTime: token.body.assignedAt,
    lastUsedDateTime: null,
    device: toDevice(call.store, token),
  }
}
