import {createHash} from 'node:crypto'

import type {TenantFile, TenantUser} from '../../src/lib/sandbox/tenant-file.js'
import {DEVICE_HEADER, toCsv, TOKEN_HEADER, USER_HEADER} from './bundle-files.js'

export const GROUP = 'MFA pilot'

const guid = (kind: string, number: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** A made-up secret, the same for the same name. */
const secretOf = (name: string): string =>
  `FAKESEED${[...createHash('sha256').update(name).digest()]
    .slice(0, 24)
    .map((byte) => LETTERS[byte % 32])
    .join('')}`

const name = (number: number): string => `user${String(number).padStart(5, '0')}@contoso.com`

/** A group of this many users, nobody of whom has anything yet. */
export function manyUsersTenant(count: number): TenantFile {
  const numbers = Array.from({length: count}, (_, index) => index)
  return {
    tenantId: guid('a', 7),
    displayName: 'Contoso',
    domains: ['contoso.com'],
    users: numbers.map((number): TenantUser => ({
      id: guid('b', number),
      userPrincipalName: name(number),
      displayName: `User ${number}`,
    })),
    groups: [{id: guid('c', 1), displayName: GROUP, members: numbers.map(name)}],
    authenticationMethodsPolicy: {policyMigrationState: 'migrationComplete'},
  }
}

export interface ManyUsersOptions {
  /** Every tenth record is like this: `bad-mode` has a Mode that there is not. */
  readonly everyTenth?: 'bad-mode'
  /** Phones alone: two requests a user. */
  readonly phonesOnly?: boolean
}

/** Their export bundle: phone calls, two phones, text messages, OATH tokens and app codes by turns. */
export function manyUsersBundle(
  count: number,
  options: ManyUsersOptions = {},
): Readonly<Record<string, string>> {
  const users: unknown[][] = []
  const devices: unknown[][] = []
  const tokens: unknown[][] = []
  for (let number = 0; number < count; number++) {
    const kind = options.phonesOnly === true ? number % 3 : number % 5
    const mode = ['voiceCall', 'voiceCall', 'smsText', 'oathToken', 'phoneApp'][kind]
    const cells: Record<string, unknown> = {
      Username: name(number),
      Mode: options.everyTenth === 'bad-mode' && number % 10 === 9 ? 'fax' : mode,
      CountryCode: '1',
      Phone: `425555${String(1000 + number).slice(-4)}`,
      ...(kind === 1
        ? {BackupCountryCode: '1', BackupPhone: `206555${String(1000 + number).slice(-4)}`}
        : {}),
      LastModified: '2024-01-01T00:00:00Z',
    }
    users.push(USER_HEADER.map((column) => cells[column]))
    if (kind === 3) {
      const serial = `TOK-${number}`
      tokens.push([name(number), serial, secretOf(serial), 30, 'Contoso Tokens', 'CT-200', undefined])
    }
    if (kind === 4)
      devices.push([
        name(number),
        'Phone',
        `fake-token-${number}`,
        secretOf(`app ${number}`),
        '6.1',
        '2024-01-01T00:00:00Z',
      ])
  }
  return {
    'users.csv': toCsv([USER_HEADER, ...users]),
    'devices.csv': toCsv([DEVICE_HEADER, ...devices]),
    'oath-tokens.csv': toCsv([TOKEN_HEADER, ...tokens]),
  }
}
