import type {Readable, ServerSettings} from '../../ports/server-settings.js'
import {CallFailure, type FailureKind} from './call-failure.js'
import type {Calls} from './calls.js'
import {versions} from './operations.js'
import type {Operation, ServiceDescription} from './service-description.js'
import {flag, integer} from './values.js'
import {inside, itemsOf, textOf, type XmlNode} from './xml.js'

/** Ways to fail that are about the one operation; with the others no operation would fare better. */
const OF_THE_OPERATION: ReadonlySet<FailureKind> = new Set([
  'refused-by-operation',
  'fault',
  'malformed',
  'server-error',
  'not-found',
  'http',
  'web-page',
  'auth',
])

type Take<T> = (fields: Fields) => T

/** One record of settings: the family of operations that give it, the element that holds it, and its fields. */
interface Recipe<T> {
  readonly family: string
  readonly element: string
  readonly fields: readonly string[]
  readonly take: Take<T>
}

class Fields {
  readonly #node: XmlNode
  constructor(node: XmlNode) {
    this.#node = node
  }
  text = (name: string): string | undefined => textOf(this.#node, name) || undefined
  yes = (name: string): boolean | undefined => flag(textOf(this.#node, name))
  number = (name: string): number | undefined => integer(textOf(this.#node, name))
}

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** Fields of one kind, under their names with a small first letter. */
const each = <T>(names: readonly string[], read: (name: string) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(names.map((name) => [lower(name), read(name)]))

const DEFAULT_TEXTS = [
  'Mode', 'PinMode', 'SmsDirection', 'SmsMode', 'PhoneAppMode',
  'VoiceCallLanguage', 'SmsTextLanguage', 'PhoneAppLanguage', 'OathTokenLanguage',
] // prettier-ignore
const DEFAULT_NUMBERS = ['MinimumPinLength', 'PinExpirationDays', 'HistoricalPins']
const CHOICES = [
  'AllowUserEnrollment', 'PromptForBackupPhone', 'PromptForOathToken', 'UsersCanSwitchMode',
  'UsersCanSwitchModeToVoiceCall', 'UsersCanSwitchModeToSmsText', 'UsersCanSwitchModeToPhoneApp',
  'UsersCanSwitchModeToOathToken', 'EnableSecurityQuestions', 'UseOathTokenForFallback',
] // prettier-ignore
const PORTAL_FLAGS = [
  ...CHOICES,
  'AllowUserLogIn', 'AllowOneTimeBypass', 'UsersCanSelectLanguage', 'UsersCanActivatePhoneApp',
  'UsersCanEnrollOathToken', 'SamlEnabled',
] // prettier-ignore
const PORTAL_NUMBERS = ['DeviceLimit', 'SessionTimeoutMinutes']
const FEATURES = ['UserPortal', 'PinMode', 'Sms', 'PhoneApp', 'OathToken', 'Adfs', 'StaticToken']

/** Settings of the server. One that it refuses or does not offer is said to be unread, and why. Throws CallFailure. */
export async function readSettings(
  calls: Calls,
  description: ServiceDescription,
  signal: AbortSignal,
): Promise<ServerSettings> {
  const record = <T>(recipe: Recipe<T>): Promise<Readable<T>> =>
    reading(description, recipe.family, async (operation) => {
      const answer = await calls.ask(operation, [recipe.element, ...recipe.fields], [], signal)
      const node = inside(answer, recipe.element)
      if (node === undefined) throw new Unread(`${operation.name} gave nothing`)
      return recipe.take(new Fields(node))
    })
  return {
    defaults: await record({
      family: 'GetCustomerDefaults',
      element: 'customerDefaults',
      fields: [...DEFAULT_TEXTS, ...DEFAULT_NUMBERS],
      take: ({text, number}) => ({...each(DEFAULT_TEXTS, text), ...each(DEFAULT_NUMBERS, number)}),
    }),
    portal: await record({
      family: 'GetUserPortalSettings',
      element: 'userPortalSettings',
      fields: ['Url', ...PORTAL_FLAGS, ...PORTAL_NUMBERS],
      take: ({text, yes, number}) => ({
        url: text('Url'),
        ...each(PORTAL_FLAGS, yes),
        ...each(PORTAL_NUMBERS, number),
      }),
    }),
    adfs: await record({
      family: 'GetAdfsSettings',
      element: 'adfsSettings',
      fields: CHOICES,
      take: ({yes}) => each(CHOICES, yes),
    }),
    features: await record({
      family: 'GetFeatures',
      element: 'features',
      fields: FEATURES,
      take: ({yes}) => each(FEATURES, yes),
    }),
    trustedIps: await reading(description, 'GetUserPortalWhitelistIps', async (operation) => {
      const [list, item] = ['userPortalWhitelistIps', 'UserPortalWhitelistIp']
      const parts = ['SingleIp', 'FromIp', 'ToIp', 'Subnet', 'Netmask', 'Netslash']
      const answer = await calls.ask(operation, [list, item, ...parts], [item], signal)
      return itemsOf(inside(answer, list), item).map((each) => range(new Fields(each)))
    }),
  }
}

class Unread extends Error {}

/** The highest version of an operation without inputs. */
async function reading<T>(
  description: ServiceDescription,
  family: string,
  ask: (operation: Operation) => Promise<T>,
): Promise<Readable<T>> {
  const operation = versions(description, family).find(({inputs}) => inputs.every(({required}) => !required))
  if (operation === undefined) return {read: false, why: `this server has no ${family}`}
  try {
    return {read: true, value: await ask(operation), operation: operation.name}
  } catch (error) {
    if (error instanceof Unread) return {read: false, why: error.message}
    if (error instanceof CallFailure && OF_THE_OPERATION.has(error.kind))
      return {read: false, why: error.message}
    throw error
  }
}

function range({text, number}: Fields): string {
  const [from, to, subnet, slash] = [text('FromIp'), text('ToIp'), text('Subnet'), number('Netslash')]
  if (from !== undefined) return to === undefined ? from : `${from}-${to}`
  if (subnet !== undefined) {
    const mask = text('Netmask')
    return slash !== undefined && slash > 0
      ? `${subnet}/${slash}`
      : mask === undefined
        ? subnet
        : `${subnet}/${mask}`
  }
  return text('SingleIp') ?? '(an entry without an address)'
}
