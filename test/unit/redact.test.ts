import {generateKeyPairSync} from 'node:crypto'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'

import {redact} from '../../src/lib/model/redact.js'
import {jwt} from '../fakes/token-endpoint.js'

describe('redact', () => {
  it('takes tokens out, wherever they stand and however often', () => {
    const token = jwt({sub: 'somebody', exp: 1})
    expect(redact(`The token ${token} is wrong: "${token}".`)).toBe(
      'The token [secret] is wrong: "[secret]".',
    )
    expect(redact(`authorization: Bearer ${'abc123~+/'.repeat(3)}==`)).toBe('authorization: [secret]')
    expect(redact(`cut off: ${token.slice(0, 30)}`)).toBe('cut off: [secret]')
  })

  it('takes private keys out, whole or cut off, with real or written line ends', () => {
    const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 1024})
    const pem = privateKey.export({type: 'pkcs8', format: 'pem'}).toString()
    expect(redact(`before ${pem} after`)).toBe('before [secret]\n after')
    expect(redact(JSON.stringify({pem}))).toBe('{"pem":"[secret]\\n"}')
    expect(redact(`x ${pem.slice(0, 200)}`)).toBe('x [secret]')
  })

  it('leaves other text as it is', () => {
    const words = fc
      .stringMatching(/^[a-z ,.:;()\u00e4\u20ac0-9-]{0,60}$/)
      .filter((text) => !text.includes('ey'))
    fc.assert(fc.property(words, (text) => redact(text) === text))
    expect(redact('a bearer token is needed; see key.pem')).toBe('a bearer token is needed; see key.pem')
  })
})
