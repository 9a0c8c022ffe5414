import {countOf} from '../model/count-of.js'
import type {Readable, ServerSettings, UserChoices} from '../ports/server-settings.js'
import type {DependencyId} from './catalogue.js'

/** What the server itself says of a dependency. */
export interface Evidence {
  readonly applies: 'yes' | 'no' | 'unknown'
  /** One sentence or a few: where it was read, and what stood there. */
  readonly detail: string
  readonly items?: readonly string[] | undefined
}

export const unknown = (detail: string): Evidence => ({applies: 'unknown', detail})
export const yes = (detail: string, items?: readonly string[]): Evidence => ({applies: 'yes', detail, items})
const no = (detail: string): Evidence => ({applies: 'no', detail})

export const PEOPLE_ONLY = unknown('No program can read this; people know.')
export const ONLY_PEOPLE: ReadonlySet<DependencyId> = new Set(['A7', 'A8', 'C1', 'C2', 'C3'])

/** What the settings of the server say; where they could not be read, that. Pure. */
export function bySettings(id: DependencyId, settings: ServerSettings): Evidence {
  const {defaults, portal, adfs, features, trustedIps} = settings
  switch (id) {
    case 'A1':
      return from(defaults, ({pinMode, smsMode, phoneAppMode}) =>
        stated(
          [
            pinMode === undefined ? undefined : pinMode === 'standard',
            smsMode === undefined ? undefined : smsMode === 'otp',
            phoneAppMode === undefined ? undefined : phoneAppMode === 'standard',
          ],
          `New users: calls ${show(pinMode)}, text messages ${show(smsMode)}, app ${show(phoneAppMode)}`,
        ),
      )
    case 'A2':
      return from(defaults, ({pinMode}) =>
        stated(
          [pinMode === undefined ? undefined : pinMode !== 'standard'],
          `Phone Call Mode of new users: ${show(pinMode)}`,
        ),
      )
    case 'A3':
      return from(defaults, ({smsMode}) =>
        stated(
          [smsMode === undefined ? undefined : smsMode === 'otpPlusPin'],
          `Text Message Mode of new users: ${show(smsMode)}`,
        ),
      )
    case 'A4':
      return from(defaults, ({phoneAppMode}) =>
        stated(
          [phoneAppMode === undefined ? undefined : phoneAppMode === 'pin' || phoneAppMode === 'voiceprint'],
          `Mobile App Mode of new users: ${show(phoneAppMode)}`,
        ),
      )
    case 'A5':
      return from(defaults, (each) => {
        const names = [
          each.voiceCallLanguage,
          each.smsTextLanguage,
          each.phoneAppLanguage,
          each.oathTokenLanguage,
        ]
        const set = [...new Set(names.filter((name) => name !== undefined))]
        return set.length === 0
          ? no('No language is set for new users')
          : yes(`Languages of new users: ${set.join(', ')}`)
      })
    case 'A6':
      return from(defaults, ({minimumPinLength, pinExpirationDays, historicalPins}) =>
        yes(
          `PIN rules: ${pinRules({minimumPinLength, pinExpirationDays, historicalPins})}. The tabs are not readable, and nothing of them is carried over`,
        ),
      )
    case 'B1':
      if (features.read && features.value.userPortal === false)
        return no('The feature User Portal is off (GetFeatures).')
      return from(portal, ({url}) =>
        url === undefined
          ? unknown('No address of a portal is set; it may be in use all the same')
          : yes(`Address of the portal: ${url}`),
      )
    case 'B2':
      return choices(
        settings,
        (each) => [each.allowUserEnrollment, each.promptForBackupPhone, each.promptForOathToken],
        (each) =>
          named(each, {
            allowUserEnrollment: 'users enrol themselves',
            promptForBackupPhone: 'asked for a backup phone',
            promptForOathToken: 'asked for an OATH token',
          }),
      )
    case 'B3':
      return from(portal, ({allowOneTimeBypass}) =>
        stated([allowOneTimeBypass], `Users may start a one-time bypass: ${show(allowOneTimeBypass)}`),
      )
    case 'B4':
      return choices(
        settings,
        (each) => [each.usersCanSwitchMode],
        (each) =>
          named(each, {
            usersCanSwitchModeToVoiceCall: 'phone call',
            usersCanSwitchModeToSmsText: 'text message',
            usersCanSwitchModeToPhoneApp: 'mobile app',
            usersCanSwitchModeToOathToken: 'OATH token',
          }),
      )
    case 'B5':
      return from(portal, ({usersCanSelectLanguage}) =>
        stated([usersCanSelectLanguage], `Users may choose their language: ${show(usersCanSelectLanguage)}`),
      )
    case 'B6':
      return from(portal, ({usersCanActivatePhoneApp, deviceLimit}) =>
        stated(
          [usersCanActivatePhoneApp],
          `Users may activate the app: ${show(usersCanActivatePhoneApp)}; device limit ${show(deviceLimit)}`,
        ),
      )
    case 'B7':
      return choices(
        settings,
        (each) => [each.enableSecurityQuestions],
        () => 'security questions are a fallback',
      )
    case 'B8': {
      const own = portal.read ? portal.value.usersCanEnrollOathToken : undefined
      return choices(
        settings,
        (each) => [each.useOathTokenForFallback, each.promptForOathToken, own],
        (each) =>
          [
            named(each, {
              useOathTokenForFallback: 'OATH is the fallback',
              promptForOathToken: 'asked for an OATH token',
            }),
            own === true ? 'users enrol tokens' : '',
          ]
            .filter((text) => text !== '')
            .join(', '),
      )
    }
    case 'B9':
      return from(portal, ({sessionTimeoutMinutes}) =>
        yes(
          sessionTimeoutMinutes === undefined
            ? 'When sessions of the portal end is not said'
            : `Sessions of the portal end after ${countOf(sessionTimeoutMinutes, 'minute')}`,
        ),
      )
    case 'B10':
      return from(trustedIps, (ranges) =>
        ranges.length === 0 ? no('No trusted IPs are set') : yes(`Trusted IPs: ${ranges.length}`, ranges),
      )
    case 'C4':
    case 'C5':
    case 'C6':
      return features.read && features.value.adfs !== undefined
        ? unknown(
            `The feature AD FS is ${features.value.adfs ? 'on' : 'off'} (GetFeatures)${adfs.read ? '' : ', its settings cannot be read'}; what hangs on it people know.`,
          )
        : PEOPLE_ONLY
    case 'A7':
    case 'A8':
    case 'C1':
    case 'C2':
    case 'C3':
      return PEOPLE_ONLY
  }
  return id satisfies never
}

function from<T>(readable: Readable<T>, judge: (value: T) => Evidence): Evidence {
  if (!readable.read) return unknown(`Could not be read: ${readable.why}.`)
  const {applies, detail, items} = judge(readable.value)
  return {applies, detail: `${detail} (${readable.operation}).`, items}
}

/** Yes if one of the flags is; no only if all of them are known to be off. */
function stated(flags: readonly (boolean | undefined)[], detail: string): Evidence {
  if (flags.includes(true)) return yes(detail)
  return flags.includes(undefined) ? unknown(detail) : no(detail)
}

/** The same choice in the portal and in the AD FS adapter. Where AD FS is off, its settings do not count. */
function choices(
  {portal, adfs, features}: ServerSettings,
  flags: (each: UserChoices) => readonly (boolean | undefined)[],
  words: (each: UserChoices) => string,
): Evidence {
  const withAdfs = !(features.read && features.value.adfs === false)
  const places = [['the portal', portal] as const, ...(withAdfs ? [['AD FS', adfs] as const] : [])]
  const all = places.map(([name, readable]) => ({
    name,
    evidence: from<UserChoices>(readable, (value) => {
      const found = stated(flags(value), '')
      const said =
        found.applies === 'yes' ? words(value) || 'yes' : found.applies === 'no' ? 'no' : 'not said'
      return {...found, detail: `In ${name}: ${said}`}
    }),
  }))
  const applies = all.some(({evidence}) => evidence.applies === 'yes')
    ? 'yes'
    : all.some(({evidence}) => evidence.applies === 'unknown')
      ? 'unknown'
      : 'no'
  return {applies, detail: all.map(({evidence}) => evidence.detail).join(' ')}
}

function named(each: UserChoices, words: Readonly<Partial<Record<keyof UserChoices, string>>>): string {
  return Object.entries(words)
    .filter(([name]) => each[name as keyof UserChoices] === true)
    .map(([, text]) => text)
    .join(', ')
}

/** Only the ones that are said. */
function pinRules(rules: {
  readonly minimumPinLength: number | undefined
  readonly pinExpirationDays: number | undefined
  readonly historicalPins: number | undefined
}): string {
  const {minimumPinLength: length, pinExpirationDays: days, historicalPins: kept} = rules
  const said = [
    ...(length === undefined ? [] : [`length ${length}`]),
    ...(days === undefined ? [] : [`expires after ${countOf(days, 'day')}`]),
    ...(kept === undefined ? [] : [`${kept} remembered`]),
  ]
  return said.length === 0 ? 'none are said' : said.join(', ')
}

const show = (value: string | number | boolean | undefined): string =>
  value === undefined ? 'not said' : value === true ? 'yes' : value === false ? 'no' : String(value)
