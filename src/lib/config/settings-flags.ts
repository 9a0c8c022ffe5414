/** What a command line says, as it was typed. A key that is undefined was not given. */
export interface SettingsFlags {
  readonly config?: string | undefined
  readonly tenant?: string | undefined
  readonly cloud?: string | undefined
  readonly source?: string | undefined
  readonly 'source-certificate'?: string | undefined
  readonly 'source-ca'?: string | undefined
  readonly 'seed-file'?: readonly string[] | undefined
  readonly 'ad-url'?: readonly string[] | undefined
  readonly 'ad-base'?: string | undefined
  readonly 'ad-attribute'?: string | undefined
  readonly 'ad-ca'?: string | undefined
  readonly 'ad-referrals'?: string | undefined
  readonly 'ad-anonymous'?: boolean | undefined
  readonly state?: string | undefined
  readonly 'default-method'?: string | undefined
  readonly phones?: string | undefined
  readonly 'app-codes'?: string | undefined
  readonly 'sms-sign-in'?: string | undefined
  readonly 'promote-backup'?: boolean | undefined
  readonly 'include-disabled'?: boolean | undefined
  readonly 'default-country'?: string | undefined
  readonly 'default-domain'?: string | undefined
  /** `NAME=domain`. */
  readonly netbios?: readonly string[] | undefined
  readonly mapping?: string | undefined
  readonly 'max-changes'?: string | undefined
  readonly 'errors-max'?: number | undefined
}

/** The flags that are settings, out of all flags of a command. */
export function pickFlags(flags: Readonly<Record<string, unknown>>): SettingsFlags {
  const text = (name: string) => only(flags[name], isText)
  const yes = (name: string) => only(flags[name], isBoolean)
  const texts = (name: string) => only(flags[name], isTexts)
  return {
    config: text('config'),
    tenant: text('tenant'),
    cloud: text('cloud'),
    source: text('source'),
    'source-certificate': text('source-certificate'),
    'source-ca': text('source-ca'),
    'seed-file': texts('seed-file'),
    'ad-url': texts('ad-url'),
    'ad-base': text('ad-base'),
    'ad-attribute': text('ad-attribute'),
    'ad-ca': text('ad-ca'),
    'ad-referrals': text('ad-referrals'),
    'ad-anonymous': yes('ad-anonymous'),
    state: text('state'),
    'default-method': text('default-method'),
    phones: text('phones'),
    'app-codes': text('app-codes'),
    'sms-sign-in': text('sms-sign-in'),
    'promote-backup': yes('promote-backup'),
    'include-disabled': yes('include-disabled'),
    'default-country': text('default-country'),
    'default-domain': text('default-domain'),
    netbios: texts('netbios'),
    mapping: text('mapping'),
    'max-changes': text('max-changes'),
    'errors-max': only(flags['errors-max'], isNumber),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isNumber = (value: unknown): value is number => typeof value === 'number'
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)

function only<T>(value: unknown, is: (value: unknown) => value is T): T | undefined {
  return is(value) ? value : undefined
}
