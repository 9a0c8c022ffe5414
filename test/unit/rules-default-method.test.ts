import {describe, expect, it} from 'vitest'
import {planUser} from '../../src/lib/migration/plan-user.js'
import {smsVoiceEnd} from '../../src/lib/migration/rules/sms-voice.js'
import {allowedOnly, device, entraPhone, phone, planInput, seed, token} from '../fixtures/users.js'

type Over = Parameters<typeof planInput>[0]
const PHONE = phone('4255550100')
const NOTHING_ALLOWED = allowedOnly('fido2')

function defaultOf(over: Over) {
  const plan = planUser(planInput(over))
  const action = plan.actions.find((one) => one.kind === 'set-default')
  return {
    set: action?.method,
    rule: action?.rule,
    needs: action?.needs.map((id) => id.slice(plan.id.length + 1)),
    findings: plan.findings.flatMap((one) => (one.item === 'default' ? [one.code] : [])),
  }
}

describe('worked cases', () => {
  it('phone, phone call', () => {
    expect(defaultOf({server: {phone: PHONE}})).toEqual({
      set: 'voiceMobile',
      rule: 'M2',
      needs: ['set-phone:mobile'],
      findings: [],
    })
  })

  it('push, forbidden, has TOTP', () => {
    expect(
      defaultOf({
        server: {mode: 'phoneApp'},
        methods: {softwareOath: [{id: 's1'}]},
        allowed: {push: false},
      }),
    ).toEqual({set: 'oath', rule: 'M3', needs: [], findings: ['default-replaced']})
  })
})

describe('M3: what counts', () => {
  it('oath by a software token only if software OATH is allowed, and the other way round', () => {
    const server = {mode: 'oathToken', phone: PHONE} as const
    const methods = {softwareOath: [{id: 's1'}]}
    expect(defaultOf({server, methods, allowed: {hardwareOath: false}}).set).toBe('oath')
    expect(defaultOf({server, methods, allowed: {softwareOath: false}}).set).toBe('sms')
    const both = {...server, oathTokens: [token('T1', {secret: seed(1)})]}
    expect(defaultOf({server: both, methods, allowed: {softwareOath: false}})).toMatchObject({
      set: 'oath',
      needs: ['activate-token:T1'],
    })
  })

  it('a token whose activation failed is no method', () => {
    const {set} = defaultOf({
      server: {mode: 'oathToken', phone: PHONE},
      methods: {hardwareOath: [{id: 'h', serialNumber: 'X', status: 'failedActivation'}]},
    })
    expect(set).toBe('sms')
  })

  it('voiceOffice needs voice as well as the office switch', () => {
    const server = {phone: phone('4255550100', '22')}
    expect(defaultOf({server, allowed: {voice: false}}).set).toBeUndefined()
    expect(defaultOf({server, allowed: {voiceOffice: false}}).findings).toEqual(['default-none'])
  })

  it('legacy settings: what is missing is replaced, what is forbidden is not', () => {
    const uncertain = {...NOTHING_ALLOWED, uncertain: true}
    expect(defaultOf({server: {phone: PHONE, mode: 'phoneApp'}, allowed: uncertain})).toMatchObject({
      set: 'sms',
      findings: ['default-replaced', 'policy-unknown'],
    })
    expect(defaultOf({server: {phone: PHONE}, allowed: {uncertain: true}}).findings).toEqual([])
  })

  it('nothing allowed, default in Entra: if-unset says nothing', () => {
    expect(
      defaultOf({server: {phone: PHONE}, allowed: NOTHING_ALLOWED, methods: {preferred: 'sms'}}),
    ).toEqual({
      set: undefined,
      rule: undefined,
      needs: undefined,
      findings: [],
    })
  })
})

describe('M5', () => {
  it('waits for a number that is replaced', () => {
    const over = {
      server: {phone: PHONE, mode: 'smsText'},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
    } as const
    expect(defaultOf({...over, options: {phones: 'replace'}}).needs).toEqual(['set-phone:mobile'])
    expect(defaultOf({...over, options: {phones: 'keep'}}).needs).toEqual([])
  })

  it('says nothing of system-preferred authentication where no preference is set', () => {
    expect(
      defaultOf({server: {phone: PHONE}, methods: {systemPreferred: true, preferred: 'sms'}}).findings,
    ).toEqual([])
  })
})

describe('M6', () => {
  const disallowed = (over: Over) =>
    planUser(planInput(over)).findings.flatMap((one) => (one.rule === 'M6' ? [one.item] : []))

  it('a mobile number is allowed by text messages or by calls, others by calls only', () => {
    const server = {phone: PHONE, backupPhone: phone('2065550133')}
    expect(disallowed({server, allowed: {voice: false}})).toEqual(['backupPhone'])
    expect(disallowed({server, allowed: {sms: false}})).toEqual([])
    expect(disallowed({server, allowed: {sms: false, voice: false}})).toEqual(['phone', 'backupPhone'])
  })

  it('is about what is written, not about what is there', () => {
    const methods = {phones: [entraPhone('mobile', '+1 4255550100')]}
    expect(disallowed({server: {phone: PHONE}, methods, allowed: NOTHING_ALLOWED})).toEqual([])
    const devices = [device('iPhone', {oathSecret: seed(1)})]
    expect(disallowed({server: {devices}, allowed: NOTHING_ALLOWED})).toEqual(['device:0'])
  })
})

describe('M7', () => {
  const only = (over: Over) => planUser(planInput(over)).smsOrVoiceOnly

  it.each(['fido2', 'windowsHelloForBusiness', 'platformCredential', 'x509Certificate'])(
    '%s outlasts SMS',
    (type) => {
      expect(only({server: {phone: PHONE}, methods: {others: [{id: 'o', type}]}})).toBe(false)
    },
  )

  it.each(['password', 'email', 'temporaryAccessPass', 'somethingNew'])('%s does not', (type) => {
    expect(only({server: {phone: PHONE}, methods: {others: [{id: 'o', type}]}})).toBe(true)
  })

  it('counts a number that only Entra has, and nobody without any', () => {
    expect(only({methods: {phones: [entraPhone('office', '+1 4255550100')]}})).toBe(true)
    expect(only({})).toBe(false)
  })

  it('has a date for the public cloud only', () => {
    expect(smsVoiceEnd('global')).toBe('2027-02-01')
    expect(['usgov', 'usgovdod', 'china'].map((cloud) => smsVoiceEnd(cloud as 'usgov'))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
