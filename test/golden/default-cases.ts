import {device, entraPhone, phone, planInput, seed, token} from '../fixtures/users.js'
import {table} from './rule-case.js'

const PHONE = phone('4255550100')
const APP = [device('iPhone', {oathSecret: seed(1)})]
const TOTP = {softwareOath: [{id: 's1'}]} as const

export const DEFAULT_CASES = [
  ...table('M1', {
    'always beats what Entra has': planInput({
      server: {phone: PHONE},
      methods: {...TOTP, preferred: 'oath'},
      options: {defaultMethod: 'always'},
    }),
    'if-unset says nothing of an existing default': planInput({
      server: {phone: PHONE},
      methods: {...TOTP, preferred: 'oath'},
    }),
    'if-unset sets a missing one': planInput({server: {phone: PHONE}, methods: TOTP}),
    'most-secure sets a missing one': planInput({
      server: {phone: PHONE},
      methods: TOTP,
      options: {defaultMethod: 'most-secure'},
    }),
    'most-secure leaves an existing one': planInput({
      server: {phone: PHONE},
      methods: {...TOTP, phones: [entraPhone('mobile', '+1 4255550100')], preferred: 'sms'},
      options: {defaultMethod: 'most-secure'},
    }),
  }),
  ...table('M2', {
    'phone call': planInput({server: {phone: PHONE}}),
    'phone call to an extension': planInput({server: {phone: phone('4255550100', '22')}}),
    'phone call to the promoted backup phone': planInput({server: {backupPhone: PHONE}}),
    'text message': planInput({server: {phone: PHONE, mode: 'smsText'}}),
    'mobile app': planInput({
      server: {mode: 'phoneApp'},
      methods: {authenticators: [{id: 'a1'}]},
    }),
    'OATH token': planInput({
      server: {mode: 'oathToken', phone: PHONE, oathTokens: [token('T1', {secret: seed(1)})]},
    }),
    'preferred already': planInput({
      server: {phone: PHONE},
      methods: {phones: [entraPhone('mobile', '+1 4255550100')], preferred: 'voiceMobile'},
      options: {defaultMethod: 'always'},
    }),
  }),
  ...table('M3', {
    'push forbidden, TOTP there': planInput({
      server: {mode: 'phoneApp'},
      methods: {...TOTP, authenticators: [{id: 'a1'}]},
      allowed: {push: false},
    }),
    'push missing, app code carried': planInput({server: {mode: 'phoneApp', devices: APP}}),
    'office phones forbidden': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: phone('2065550133')},
      allowed: {voiceOffice: false},
    }),
    'nothing left': planInput({
      server: {phone: PHONE},
      allowed: {sms: false, voice: false},
    }),
    'OATH token without a token': planInput({server: {mode: 'oathToken', phone: PHONE}}),
    'legacy settings: nothing is downgraded': planInput({
      server: {phone: PHONE},
      allowed: {sms: false, voice: false, uncertain: true},
    }),
  }),
  ...table('M4', {
    'push before oath before sms': planInput({
      server: {phone: PHONE, oathTokens: [token('T1', {secret: seed(1)})]},
      methods: {authenticators: [{id: 'a1'}]},
      options: {defaultMethod: 'most-secure'},
    }),
    'sms before voice': planInput({
      server: {phone: PHONE},
      options: {defaultMethod: 'most-secure'},
    }),
    'alternate mobile before office': planInput({
      server: {mode: 'oathToken', phone: phone('4255550100', '22'), backupPhone: phone('2065550133')},
      methods: {
        phones: [entraPhone('alternateMobile', '+1 2065550133'), entraPhone('mobile', '+1 4255550177')],
      },
      allowed: {sms: false},
    }),
  }),
  ...table('M5', {
    'after the activation': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1)})]},
    }),
    'system-preferred authentication': planInput({
      server: {phone: PHONE},
      methods: {systemPreferred: true},
    }),
  }),
  ...table('M6', {
    'written although forbidden': planInput({
      server: {
        mode: 'smsText',
        phone: PHONE,
        backupPhone: phone('2065550133', '33'),
        devices: APP,
      },
      allowed: {voice: false, voiceOffice: false, hardwareOath: false},
    }),
  }),
  ...table('M7', {
    'public cloud': planInput({server: {phone: PHONE}}),
    'another cloud': planInput({server: {phone: PHONE}, options: {cloud: 'usgov'}}),
    'a passkey is stronger': planInput({
      server: {phone: PHONE},
      methods: {others: [{id: 'f1', type: 'fido2'}]},
    }),
    'a password is not': planInput({
      server: {phone: PHONE},
      methods: {others: [{id: 'p1', type: 'password'}]},
    }),
    'a token will be stronger': planInput({
      server: {phone: PHONE, oathTokens: [token('T1', {secret: seed(1)})]},
    }),
    'nothing at all': planInput(),
  }),
]
