import type {ConfigFile} from './config-schema.js'
import * as parse from './parse-values.js'
import type {Parsed} from './parsed.js'
import {flag, type Given, type Reader} from './sources.js'
import type {SettingsFlags} from './settings-flags.js'
import type {MigrationSettings} from './settings.js'

/** What flags and config file say about how to migrate; none of it comes from the environment. */
export function migrationSettings(
  reader: Reader,
  flags: SettingsFlags,
  cwd: string,
  inFile: <K extends keyof ConfigFile>(key: K) => Given<NonNullable<ConfigFile[K]>> | undefined,
): MigrationSettings {
  const maxChanges = inFile('maxChanges')
  const netbios = inFile('netbios')
  return {
    defaultMethod: reader.text(
      [flag('default-method', flags['default-method'], cwd), inFile('defaultMethod')],
      parse.oneOf('always', 'if-unset', 'most-secure'),
    ),
    phones: reader.text(
      [flag('phones', flags.phones, cwd), inFile('phones')],
      parse.oneOf('safe', 'replace', 'keep'),
    ),
    appCodes: reader.text(
      [flag('app-codes', flags['app-codes'], cwd), inFile('appCodes')],
      parse.oneOf('carry', 'skip'),
    ),
    smsSignIn: reader.text(
      [flag('sms-sign-in', flags['sms-sign-in'], cwd), inFile('smsSignIn')],
      parse.oneOf('prevent', 'allow'),
    ),
    promoteBackup: reader.value(
      [
        flag(
          flags['promote-backup'] === false ? 'no-promote-backup' : 'promote-backup',
          flags['promote-backup'],
          cwd,
        ),
        inFile('promoteBackup'),
      ],
      same,
    ),
    includeDisabled: reader.value(
      [flag('include-disabled', flags['include-disabled'], cwd), inFile('includeDisabled')],
      same,
    ),
    defaultCountry: reader.text(
      [flag('default-country', flags['default-country'], cwd), inFile('defaultCountry')],
      parse.country,
    ),
    defaultDomain: reader.text(
      [flag('default-domain', flags['default-domain'], cwd), inFile('defaultDomain')],
      parse.domainOrNetbios,
    ),
    netbios: reader.value<readonly string[], Readonly<Record<string, string>>>(
      [
        flag('netbios', flags.netbios, cwd),
        netbios && {
          ...netbios,
          value: Object.entries(netbios.value).map(([name, domain]) => `${name}=${domain}`),
        },
      ],
      parse.netbios,
    ),
    mapping: reader.text([flag('mapping', flags.mapping, cwd), inFile('mapping')], parse.file),
    maxChanges: reader.text(
      [
        flag('max-changes', flags['max-changes'], cwd),
        maxChanges && {...maxChanges, value: String(maxChanges.value)},
      ],
      parse.maxChanges,
    ),
    errorsMax: reader.value([flag('errors-max', flags['errors-max'], cwd), inFile('errorsMax')], parse.count),
  }
}

function same<T>(value: T): Parsed<T> {
  return {value}
}
