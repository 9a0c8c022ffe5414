import {entraPhone, phone, planInput} from '../fixtures/users.js'
import {table} from './rule-case.js'

const PHONE = phone('4255550100')
const BACKUP = phone('2065550133')

export const PHONE_CASES = [
  ...table('P1', {
    'phone without extension': planInput({server: {phone: PHONE}}),
    'text message': planInput({server: {phone: PHONE, mode: 'smsText'}}),
  }),
  ...table('P2', {
    'phone with extension': planInput({server: {phone: phone('4255550100', '22')}}),
    'extension inside the number': planInput({server: {phone: phone('(425) 555-0100x890')}}),
  }),
  ...table('P3', {
    'phone with extension, text message': planInput({
      server: {phone: phone('4255550100', '22'), mode: 'smsText'},
    }),
  }),
  ...table('P4', {
    'impossible number; the backup phone goes on': planInput({
      server: {phone: phone('12345'), backupPhone: BACKUP},
    }),
    'no country code': planInput({server: {phone: phone('4255550100', undefined, '')}}),
    '--default-country': planInput({
      server: {phone: phone('020 7946 0100', undefined, ''), backupPhone: phone('0044 20 7946 0101')},
      options: {defaultCountry: 'GB'},
    }),
    'extension with letters': planInput({server: {phone: phone('4255550100', '22b')}}),
  }),
  ...table('P5', {
    'same number, other spacing': planInput({
      server: {phone: PHONE},
      methods: {phones: [entraPhone('mobile', '+1 425 5550100')], preferred: 'voiceMobile'},
    }),
  }),
  ...table('P6', {
    'another number is kept and serves as default': planInput({
      server: {phone: PHONE},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
    }),
    'record is newer': planInput({
      server: {phone: PHONE, lastModified: '2024-07-01T00:00:00'},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
    }),
    'an earlier run wrote the number': planInput({
      server: {phone: PHONE},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
      memory: {numbers: {mobile: ['+1 4255550199']}},
    }),
    '--phones replace': planInput({
      server: {phone: phone('4255550100', '22')},
      methods: {phones: [entraPhone('office', '+1 4255550199')]},
      options: {phones: 'replace'},
    }),
    '--phones keep': planInput({
      server: {phone: PHONE, lastModified: '2024-07-01T00:00:00Z'},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
      memory: {numbers: {mobile: ['+1 4255550199']}},
      options: {phones: 'keep'},
    }),
  }),
  ...table('P7', {
    'same number twice': planInput({server: {phone: PHONE, backupPhone: phone('+1 (425) 555-0100')}}),
    'same number once the extension is dropped': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: PHONE, mode: 'smsText'},
    }),
  }),
  ...table('P8', {
    'mobile before alternate mobile': planInput({server: {phone: PHONE, backupPhone: BACKUP}}),
    'mobile replaced': planInput({
      server: {phone: PHONE, backupPhone: BACKUP},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
      options: {phones: 'replace'},
    }),
  }),
  ...table('B1', {
    'existing mobile number, no phone in the record': planInput({
      server: {backupPhone: BACKUP},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
    }),
    'kept mobile number': planInput({
      server: {phone: PHONE, backupPhone: BACKUP},
      methods: {phones: [entraPhone('mobile', '+1 4255550199')]},
    }),
  }),
  ...table('B2', {
    'backup phone with extension': planInput({
      server: {phone: PHONE, backupPhone: phone('2065550133', '33')},
    }),
    'first phone cannot be used': planInput({
      server: {phone: phone('12345', '22'), backupPhone: phone('2065550133', '33')},
    }),
  }),
  ...table('B3', {
    'both have an extension': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: phone('2065550133', '33')},
    }),
    'also when P3 dropped the first': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: phone('2065550133', '33'), mode: 'smsText'},
    }),
  }),
  ...table('B4', {
    'promoted to mobile': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: BACKUP},
    }),
    'promoted earlier': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: BACKUP},
      methods: {
        phones: [entraPhone('mobile', '+1 2065550133'), entraPhone('office', '+1 4255550100x22')],
        preferred: 'voiceOffice',
      },
    }),
    '--no-promote-backup': planInput({
      server: {phone: phone('4255550100', '22'), backupPhone: BACKUP},
      options: {promoteBackup: false},
    }),
    'promoted number is the only one': planInput({server: {backupPhone: BACKUP, mode: 'smsText'}}),
  }),
  ...table('U4', {
    'disabled on the server': planInput({server: {phone: PHONE, enabled: false}}),
    'disabled in Entra': planInput({server: {phone: PHONE}, entra: {accountEnabled: false}}),
    '--include-disabled': planInput({
      server: {phone: PHONE, enabled: false},
      options: {includeDisabled: true},
    }),
  }),
  ...table('R7', {
    'invalid mode': planInput({
      server: {
        phone: PHONE,
        mode: undefined,
        faults: [
          {
            file: 'users.csv',
            line: 7,
            field: 'Mode',
            message: 'Mode is "fax", not one of voiceCall, smsText, phoneApp, oathToken',
            severity: 'mode',
          },
        ],
      },
    }),
    'wrong row': planInput({
      server: {
        enabled: false,
        faults: [
          {file: 'users.csv', line: 8, message: 'the row has 3 fields, the header 5', severity: 'row'},
        ],
      },
    }),
    'wrong field': planInput({
      server: {
        phone: PHONE,
        faults: [
          {
            file: 'users.csv',
            line: 9,
            field: 'LastModified',
            message: '"yesterday" is no date.',
            severity: 'field',
          },
        ],
      },
    }),
  }),
  ...table('P9', {
    'the number whose SMS sign-in is checked after writing': planInput({
      server: {phone: PHONE, mode: 'smsText'},
      options: {smsSignIn: 'prevent'},
    }),
  }),
]
