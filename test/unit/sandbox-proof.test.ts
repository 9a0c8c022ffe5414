import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import type {StoredKey} from '../../src/lib/sandbox/directory-store.js'
import {GraphFault} from '../../src/lib/sandbox/graph-fault.js'
import {addedKey, keyIsValid, replaceKeys} from '../../src/lib/sandbox/key-credentials.js'
import {checkProof} from '../../src/lib/sandbox/possession-proof.js'
import {isSignedBy, parseJwt, toCertificate} from '../../src/lib/sandbox/signed-jwt.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'
import {derOf, signedJwt} from '../helpers/sandbox-app.js'

const APP = 'cccccccc-0000-4000-8000-000000000001'
const RULES = {maxKeys: 3, strictKeys: false}
const DAY = 86_400_000

let folder: string
let ours: TestCertificate
let other: TestCertificate
let elliptic: TestCertificate
let keys: readonly StoredKey[]
// The certificates are made a moment after this file is read.
const NOW = new Date(Date.now() + 60_000)
const given = (certificate: TestCertificate) => ({
  type: 'AsymmetricX509Cert',
  usage: 'Verify',
  key: derOf(certificate),
})
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-proof-'))
  ours = await makeCertificate(folder, 'ours')
  other = await makeCertificate(folder, 'other')
  elliptic = await makeCertificate(folder, 'elliptic', {
    newkey: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  })
  keys = replaceKeys(APP, [], [given(ours)], RULES)
})
afterAll(async () => {
  await rm(folder, {recursive: true})
})

const seconds = Math.floor(NOW.getTime() / 1000)
const CLAIMS = {aud: '00000002-0000-0000-c000-000000000000', iss: APP, nbf: seconds, exp: seconds + 600}

describe('a proof of possession', () => {
  it.each([
    ['as documented', {}, {}],
    ['signed with RS256', {}, {alg: 'RS256' as const}],
    ['without a thumbprint', {}, {'x5t#S256': undefined}],
    ['for a shorter time', {exp: seconds + 60}, {}],
    ['from a clock that is a little behind', {nbf: seconds - 800, exp: seconds - 200}, {}],
  ])('is accepted %s', (_name, claims, head) => {
    expect(() => {
      checkProof(signedJwt(ours, {...CLAIMS, ...claims}, head), APP, keys, NOW)
    }).not.toThrow()
  })

  it.each([
    ['for another audience', {aud: 'https://graph.microsoft.com'}, 'audience'],
    ['of another application', {iss: APP.replace('1', '2')}, 'issuer'],
    ['for longer than 10 minutes', {exp: seconds + 601}, '10 minutes'],
    ['that ends before it begins', {exp: seconds - 1}, '10 minutes'],
    ['that has run out', {nbf: seconds - 1000, exp: seconds - 400}, 'this time'],
    ['that is not good yet', {nbf: seconds + 400, exp: seconds + 1000}, 'this time'],
    ['without nbf', {nbf: undefined}, '10 minutes'],
  ])('is refused %s', (_name, claims, says) => {
    expect(() => {
      checkProof(signedJwt(ours, {...CLAIMS, ...claims}), APP, keys, NOW)
    }).toThrow(says)
  })

  it('is refused with another key, a changed text, or a key out of its time', () => {
    const good = signedJwt(ours, CLAIMS)
    const [head = '', , signature = ''] = good.split('.')
    const changed = Buffer.from(JSON.stringify({...CLAIMS, exp: seconds + 599})).toString('base64url')
    for (const proof of [
      signedJwt(other, CLAIMS),
      // The thumbprint of one, the signature of the other.
      `${head}.${signedJwt(other, CLAIMS).split('.').slice(1).join('.')}`,
      `${head}.${changed}.${signature}`,
      signedJwt(other, CLAIMS, {'x5t#S256': undefined}),
      'nonsense',
      '',
      `${good}.more`,
    ])
      expect(() => {
        checkProof(proof, APP, keys, NOW)
      }).toThrow(GraphFault)
    const later = new Date(NOW.getTime() + 31 * DAY)
    const then = {...CLAIMS, nbf: seconds + 31 * 86_400, exp: seconds + 31 * 86_400 + 600}
    expect(() => {
      checkProof(signedJwt(ours, then), APP, keys, later)
    }).toThrow('valid now')
  })

  it('is refused where the header says none, and by a key of another kind', () => {
    const unsigned = [{alg: 'none'}, CLAIMS]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    expect(parseJwt(`${unsigned}.`)).toBeUndefined()
    const jwt = parseJwt(signedJwt(ours, CLAIMS))
    const [rsa, curve] = [ours, elliptic].map((each) => toCertificate(each.certificate))
    expect([jwt, rsa, curve]).not.toContain(undefined)
    if (jwt === undefined || rsa === undefined || curve === undefined) return
    expect([isSignedBy(jwt, rsa), isSignedBy(jwt, curve)]).toEqual([true, false])
  })
})

describe('key credentials', () => {
  it('have ids that do not depend on chance, one for each', () => {
    const again = replaceKeys(APP, [], [given(ours)], RULES)
    expect(again).toEqual(keys)
    const second = addedKey(APP, keys, given(ours), RULES)
    expect(second.keyId).not.toBe(keys[0]?.keyId)
    expect(replaceKeys(APP.replace('1', '2'), [], [given(ours)], RULES)[0]?.keyId).not.toBe(keys[0]?.keyId)
  })

  it('are good within their own dates and those of the certificate', () => {
    const [key] = keys
    if (key === undefined) throw new Error('there is one')
    const at = (days: number) => new Date(NOW.getTime() + days * DAY)
    expect([-1, 0, 29, 31].map((days) => keyIsValid(key, at(days)))).toEqual([false, true, true, false])
    const short = {...key, endDateTime: at(5).toISOString()}
    expect([4, 6].map((days) => keyIsValid(short, at(days)))).toEqual([true, false])
    // Longer than the certificate is never good.
    expect(keyIsValid({...key, endDateTime: at(300).toISOString()}, at(40))).toBe(false)
  })

  it('fit the limit exactly', () => {
    const three = [given(ours), given(other), given(elliptic)]
    expect(replaceKeys(APP, [], three, RULES)).toHaveLength(3)
    expect(() => replaceKeys(APP, [], three, {...RULES, maxKeys: 2})).toThrow('quota')
    expect(() => addedKey(APP, keys, given(other), {...RULES, maxKeys: 1})).toThrow('quota')
  })
})
