import {describe, expect, it} from 'vitest'
import {planUser} from '../../src/lib/migration/plan-user.js'
import {entraPhone, phone, planInput} from '../fixtures/users.js'

type Over = Parameters<typeof planInput>[0]

/** `slot number change` of each write, and `item code` of each phone finding. */
function phonesOf(over: Over) {
  const plan = planUser(planInput(over))
  return {
    writes: plan.actions.flatMap((one) =>
      one.kind === 'set-phone' ? [`${one.slot} ${one.number} ${one.change} ${one.rule}`] : [],
    ),
    there: plan.alreadyThere.flatMap((one) => (one.item === 'default' ? [] : [`${one.item} ${one.target}`])),
    findings: plan.findings.flatMap((one) => (/phone/i.test(one.item) ? [`${one.item} ${one.code}`] : [])),
    default: plan.actions.flatMap((one) => (one.kind === 'set-default' ? [one.method] : [])),
  }
}

const A = '4255550100'
const B = '2065550133'

describe('worked cases', () => {
  it('phone x22, backup x33, phone call', () => {
    expect(phonesOf({server: {phone: phone(A, '22'), backupPhone: phone(B, '33')}})).toEqual({
      writes: ['office +1 4255550100x22 create P2'],
      there: [],
      findings: ['backupPhone backup-skipped'],
      default: ['voiceOffice'],
    })
  })

  it('phone x22, backup without extension', () => {
    expect(phonesOf({server: {phone: phone(A, '22'), backupPhone: phone(B)}})).toEqual({
      writes: ['mobile +1 2065550133 create B4', 'office +1 4255550100x22 create P2'],
      there: [],
      findings: ['backupPhone backup-promoted'],
      default: ['voiceOffice'],
    })
  })

  it('phone x22, text message', () => {
    expect(phonesOf({server: {phone: phone(A, '22'), mode: 'smsText'}})).toEqual({
      writes: ['mobile +1 4255550100 create P3'],
      there: [],
      findings: ['phone extension-dropped'],
      default: ['sms'],
    })
  })
})

describe('B4', () => {
  it('is not for a user who has a mobile number of his own', () => {
    const {writes} = phonesOf({
      server: {phone: phone(A, '22'), backupPhone: phone(B)},
      methods: {phones: [entraPhone('mobile', '+1 4255550177')]},
    })
    expect(writes).toEqual(['alternateMobile +1 2065550133 create B1', 'office +1 4255550100x22 create P2'])
  })

  it('does not write the promoted number a second time, whatever --no-promote-backup says now', () => {
    expect(
      phonesOf({
        server: {backupPhone: phone(B)},
        methods: {phones: [entraPhone('mobile', '+1 2065550133')]},
        options: {promoteBackup: false},
      }),
    ).toMatchObject({writes: [], there: ['backupPhone mobile'], findings: []})
  })

  it('gives way when the record gets a phone', () => {
    const {writes} = phonesOf({
      server: {phone: phone(A), backupPhone: phone(B)},
      methods: {phones: [entraPhone('mobile', '+1 2065550133')]},
      memory: {numbers: {mobile: ['+1 2065550133']}},
    })
    expect(writes).toEqual(['mobile +1 4255550100 replace P6', 'alternateMobile +1 2065550133 create B1'])
  })
})

describe('P6 safe', () => {
  const there = (createdDateTime: string | undefined) => ({
    phones: [entraPhone('mobile', '+1 4255550199', {createdDateTime})],
  })

  it.each([
    ['2024-06-01T00:00:01', '2024-06-01T00:00:00Z', true],
    ['2024-06-01T01:00:01+01:00', '2024-06-01T00:00:00Z', true],
    ['2024-06-01T00:00:00Z', '2024-06-01T00:00:00Z', false],
    ['2024-05-31', '2024-06-01T00:00:00Z', false],
    [undefined, '2024-06-01T00:00:00Z', false],
    ['2024-07-01', undefined, false],
    ['yesterday', '2024-06-01T00:00:00Z', false],
  ])('record changed %s, number of %s: replaced is %s', (lastModified, created, replaced) => {
    const {writes, findings} = phonesOf({server: {phone: phone(A), lastModified}, methods: there(created)})
    expect(writes).toHaveLength(replaced ? 1 : 0)
    expect(findings).toEqual(replaced ? [] : ['phone phone-kept'])
  })

  it('looks at what was written to that slot only', () => {
    const input = {server: {phone: phone(A)}, methods: there('2024-06-01T00:00:00Z')}
    expect(phonesOf({...input, memory: {numbers: {office: ['+1 4255550199']}}}).writes).toEqual([])
    expect(phonesOf({...input, memory: {numbers: {mobile: ['+14255550199']}}}).writes).toHaveLength(1)
  })

  it('also keeps an office and an alternate mobile number, and calls the kept office number by default', () => {
    expect(
      phonesOf({
        server: {phone: phone(A, '22'), backupPhone: phone(B)},
        methods: {
          phones: [
            entraPhone('office', '+1 4255550199'),
            entraPhone('mobile', '+1 4255550177'),
            entraPhone('alternateMobile', '+1 4255550178'),
          ],
        },
      }),
    ).toEqual({
      writes: [],
      there: [],
      findings: ['phone phone-kept', 'backupPhone phone-kept'],
      default: ['voiceOffice'],
    })
  })
})

it('P4: a phone that cannot be used stops neither the backup phone nor its extension', () => {
  expect(phonesOf({server: {phone: phone('12', '22'), backupPhone: phone(B, '33')}})).toMatchObject({
    writes: ['office +1 2065550133x33 create B2'],
    findings: ['phone phone-invalid'],
  })
})

it('P7: the same number with and without an extension is two numbers', () => {
  expect(phonesOf({server: {phone: phone(A), backupPhone: phone(A, '22')}}).writes).toEqual([
    'mobile +1 4255550100 create P1',
    'office +1 4255550100x22 create B2',
  ])
})
