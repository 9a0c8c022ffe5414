import {Secret} from '../model/secret.js'
import type {ConfigFile} from './config-schema.js'
import * as parse from './parse-values.js'
import {flag, variable, type Given, type Reader} from './sources.js'
import type {SettingsFlags} from './settings-flags.js'
import type {Settings} from './settings.js'

type DirectorySettings = Pick<
  Settings,
  'adUrls' | 'adBase' | 'adAttribute' | 'adCa' | 'adReferrals' | 'adAnonymous' | 'adUsername' | 'adPassword'
>

/** Where Active Directory is and how people are looked up in it (U2 (4)). */
export function directorySettings(
  reader: Reader,
  flags: SettingsFlags,
  {env, cwd}: {readonly env: NodeJS.ProcessEnv; readonly cwd: string},
  inFile: <K extends keyof ConfigFile>(key: K) => Given<NonNullable<ConfigFile[K]>> | undefined,
): DirectorySettings {
  const inEnv = (name: string) => variable(env, cwd, name)
  const urls = inEnv('MFA_AD_URL')
  const password = env['MFA_AD_PASSWORD']
  return {
    adUrls: reader.value<readonly string[], readonly string[]>(
      [
        flag('ad-url', flags['ad-url'], cwd),
        urls && {...urls, value: urls.value.split(/[\s,]+/).filter((each) => each !== '')},
        inFile('adUrls'),
      ],
      parse.adUrls,
    ),
    adBase: reader.text(
      [flag('ad-base', flags['ad-base'], cwd), inEnv('MFA_AD_BASE'), inFile('adBase')],
      (value) => ({value}),
    ),
    adAttribute: reader.text(
      [flag('ad-attribute', flags['ad-attribute'], cwd), inEnv('MFA_AD_ATTRIBUTE'), inFile('adAttribute')],
      parse.attribute,
    ),
    adCa: reader.text([flag('ad-ca', flags['ad-ca'], cwd), inEnv('MFA_AD_CA'), inFile('adCa')], parse.file),
    adReferrals: reader.text(
      [flag('ad-referrals', flags['ad-referrals'], cwd), inEnv('MFA_AD_REFERRALS'), inFile('adReferrals')],
      parse.oneOf('report', 'follow'),
    ),
    adAnonymous: reader.value(
      [flag('ad-anonymous', flags['ad-anonymous'], cwd), inFile('adAnonymous')],
      (value) => ({value}),
    ),
    adUsername: reader.value([inEnv('MFA_AD_USERNAME'), inFile('adUsername')], (value) => ({value})),
    // One that is set and empty is kept, to be refused: it would bind anonymously.
    adPassword: password === undefined ? undefined : {value: new Secret(password), from: 'MFA_AD_PASSWORD'},
  }
}
