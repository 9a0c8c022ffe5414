import {randomInt, randomUUID} from 'node:crypto'

import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity} from '../call.js'
import {countFacts} from '../facts.js'
import {methodRefused} from '../graph-fault.js'
import {readNothing} from '../query/options.js'
import {putMethod} from './method-changes.js'
import {toMethod} from './method-kinds.js'
import {readConfiguration} from './policy-store.js'
import {userOf} from './users.js'

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'

const createBody = z.strictObject({
  '@odata.type': z.string().optional(),
  startDateTime: z.iso.datetime({offset: true}).nullable().optional(),
  lifetimeInMinutes: z.int().nullable().optional(),
  isUsableOnce: z.boolean().nullable().optional(),
})

/** POST: one a user, where the policy has the method enabled. The pass itself is in this answer and never again. */
export function createTemporaryAccessPass(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const body = readBody(call, createBody, methodRefused)
  const policy = readConfiguration(call.store, 'TemporaryAccessPass')
  if (policy?.state !== 'enabled') throw methodRefused('Temporary Access Pass is not enabled in the tenant.')
  if (countFacts(call.store, seq, 'temporaryAccessPass') > 0) {
    throw methodRefused('The user already has a Temporary Access Pass.')
  }
  const lifetime = body.lifetimeInMinutes ?? numberOf(policy['defaultLifetimeInMinutes'], 60)
  if (
    lifetime < numberOf(policy['minimumLifetimeInMinutes'], 10) ||
    lifetime > numberOf(policy['maximumLifetimeInMinutes'], 43_200)
  ) {
    throw methodRefused(`A lifetime of ${lifetime} minutes is outside what the policy allows.`)
  }
  const id = randomUUID()
  const stored = {
    createdDateTime: call.now.toISOString(),
    startDateTime: body.startDateTime ?? call.now.toISOString(),
    lifetimeInMinutes: lifetime,
    isUsableOnce: body.isUsableOnce ?? policy['isUsableOnce'] === true,
  }
  putMethod(call, seq, 'temporaryAccessPass', id, stored)
  const context = `users('${call.params['user'] ?? ''}')/authentication/temporaryAccessPassMethods`
  const temporaryAccessPass = Array.from({length: 8}, () => LETTERS[randomInt(LETTERS.length)]).join('')
  const shown = {...toMethod('temporaryAccessPass', id, stored, call.version), temporaryAccessPass}
  return entity(call, context, shown, 201)
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
