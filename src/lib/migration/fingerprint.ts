import {hash} from 'node:crypto'
import type {EntraIdentity, EntraMethods} from '../model/entra-user.js'
import {keyedHash} from '../model/keyed-hash.js'
import type {Secret} from '../model/secret.js'
import type {ServerPhone, ServerUser} from '../model/server-user.js'
import type {MigrationOptions} from './plan.js'
import {byText} from './rules/draft.js'

/** Raised when the rules change, so that nobody stays "unchanged" under rules that are gone. */
const RULES_VERSION = 1

/**
 * U5: keyed hash over every field of the record that decides anything. Secrets go in by their own keyed hash.
 * The order of devices and tokens counts: a plan names them by their place, and their secrets are read again from there.
 * Where in a file a wrong value stands does not.
 */
export function serverFingerprint(server: ServerUser, hashKey: Uint8Array): string {
  const mark = (secret: Secret | undefined) =>
    secret === undefined || secret.isEmpty ? null : secret.keyedHash(hashKey)
  const fields = [
    RULES_VERSION,
    [server.username, server.userPrincipalName, server.sid],
    phone(server.phone),
    phone(server.backupPhone),
    [server.mode, server.pinMode, server.smsDirection, server.smsMode, server.phoneAppMode],
    [server.enabled, server.lastModified],
    server.devices.map((d) => [d.name, mark(d.token), mark(d.oathSecret), d.appVersion, d.registeredAt]),
    server.oathTokens.map((t) => [
      t.serialNumber,
      mark(t.secret),
      t.timeInterval,
      t.manufacturer,
      t.model,
      t.hashFunction,
      t.seedConflict !== undefined,
    ]),
    server.faults.map((f) => JSON.stringify([f.severity, f.field])).sort(byText),
  ]
  return keyedHash(hashKey, JSON.stringify(fields))
}

/** U5: what was chosen at the last migration. With a key the hash is of that state only. */
export function optionsFingerprint(options: MigrationOptions, hashKey?: Uint8Array): string {
  const text = JSON.stringify([
    RULES_VERSION,
    options.defaultMethod,
    options.phones,
    options.appCodes,
    options.smsSignIn,
    options.promoteBackup,
    options.includeDisabled,
    options.defaultCountry,
    options.cloud,
  ])
  return hashKey === undefined ? hash('sha256', text) : keyedHash(hashKey, text)
}

/** R6: hash over what Graph showed of the user and what decides anything; the order of its lists does not count. */
export function entraFingerprint(methods: EntraMethods, identity: EntraIdentity): string {
  const text = JSON.stringify([
    [identity.id, identity.accountEnabled, identity.isGuest],
    sorted(methods.phones.map((p) => [p.slot, p.number, p.createdDateTime])),
    sorted(methods.authenticators.map((a) => [a.id, a.displayName, a.phoneAppVersion])),
    sorted(methods.softwareOath.map((s) => [s.id])),
    sorted(methods.hardwareOath.map((h) => [h.id, h.deviceId, h.serialNumber, h.status])),
    sorted(methods.others.map((o) => [o.type, o.id])),
    [methods.systemPreferred, methods.preferred],
  ])
  return hash('sha256', text)
}

function phone(value: ServerPhone | undefined): readonly unknown[] | null {
  return value === undefined ? null : [value.countryCode, value.number, value.extension]
}

function sorted(rows: readonly (readonly unknown[])[]): readonly string[] {
  const texts = rows.map((row) => JSON.stringify(row))
  return texts.length > 1 ? texts.sort(byText) : texts
}
