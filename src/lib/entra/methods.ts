import type {
  AuthenticationMethod,
  MicrosoftAuthenticatorAuthenticationMethod,
  PhoneAuthenticationMethod,
} from '@microsoft/microsoft-graph-types'
import type {HardwareOathAuthenticationMethod, SignInPreferences} from '@microsoft/microsoft-graph-types-beta'
import type {ObjectId} from '../model/brand.js'
import {
  DEFAULT_METHODS,
  PHONE_SLOTS,
  type DefaultMethod,
  type EntraAuthenticator,
  type EntraHardwareToken,
  type EntraMethods,
  type EntraPhone,
  type InventoryToken,
  type OtherMethod,
} from '../model/entra-user.js'
import {tokenStatus} from './inventory.js'

/** Ids that Graph gives to the three phone slots of every user. */
export const PHONE_IDS = {
  mobile: '3179e48a-750b-4051-897c-87b9720928f7',
  alternateMobile: 'b6332ec1-7057-4abe-9331-3d72feddfe41',
  office: 'e37fc753-ff3b-4958-9484-eaa9425c82bc',
} as const

interface Dated {
  readonly createdDateTime?: string | null
}

type Typed = AuthenticationMethod & Dated & {readonly '@odata.type'?: string}

/** What was read about one user; absent parts are simply not there. */
export interface RawMethods {
  readonly methods: readonly unknown[]
  readonly hardware: readonly unknown[]
  readonly preferences: unknown
}

/** Graph's lists in our words. Hardware tokens come from their own beta list only: the v1.0 list may show them too. */
export function methodsOf(raw: RawMethods): EntraMethods {
  const phones: EntraPhone[] = []
  const authenticators = new Map<string, EntraAuthenticator>()
  const softwareOath: {readonly id: string}[] = []
  const others: OtherMethod[] = []
  for (const method of raw.methods as readonly Typed[]) {
    const {id} = method
    if (!id) continue
    const type = typeOf(method)
    if (type === 'phone') {
      const phone = phoneOf(method)
      if (phone === undefined) others.push({id, type})
      else phones.push(phone)
    } else if (type === 'microsoftAuthenticator' || type === 'passwordlessMicrosoftAuthenticator') {
      // The passwordless entry is the same registration seen once more.
      authenticators.set(id, {...authenticatorOf(id, method), ...definedOnly(authenticators.get(id))})
    } else if (type === 'softwareOath') softwareOath.push({id})
    else if (type !== 'hardwareOath') others.push({id, type})
  }
  const preferences = (raw.preferences ?? {}) as SignInPreferences
  return {
    phones,
    authenticators: [...authenticators.values()],
    softwareOath,
    hardwareOath: raw.hardware.map(hardwareToken).filter((token) => token !== undefined),
    others,
    systemPreferred: preferences.isSystemPreferredAuthenticationMethodEnabled === true,
    preferred: defaultMethod(preferences.userPreferredMethodForSecondaryAuthentication),
  }
}

export function phoneOf(method: PhoneAuthenticationMethod & Dated): EntraPhone | undefined {
  const {id, phoneNumber} = method
  const slot =
    PHONE_SLOTS.find((name) => name === method.phoneType) ??
    PHONE_SLOTS.find((name) => PHONE_IDS[name] === id)
  if (!id || !phoneNumber || slot === undefined) return undefined
  return {
    id,
    slot,
    number: phoneNumber,
    createdDateTime: method.createdDateTime ?? undefined,
    smsSignInState: method.smsSignInState ?? undefined,
  }
}

export function hardwareToken(value: unknown): EntraHardwareToken | undefined {
  const {id, device} = value as HardwareOathAuthenticationMethod
  if (!id) return undefined
  return {
    id,
    deviceId: device?.id || undefined,
    serialNumber: device?.serialNumber || undefined,
    status: tokenStatus(device?.status),
  }
}

/**
 * Fills in devices that Graph left out of a user's token methods: the inventory token with the method's own id, else
 * the only one that is assigned to the user and not yet accounted for. What stays open stays open.
 */
export function withDevices(
  user: ObjectId,
  methods: EntraMethods,
  inventory: readonly InventoryToken[],
): EntraMethods {
  const known = new Set(methods.hardwareOath.map((token) => token.deviceId))
  const free = inventory.filter((token) => sameId(token.assignedTo, user) && !known.has(token.id))
  const open = methods.hardwareOath.filter(lacksDevice)
  const [only] = free
  return {
    ...methods,
    hardwareOath: methods.hardwareOath.map((token) => {
      if (!lacksDevice(token)) return token
      const wantedId = token.deviceId ?? token.id
      const device =
        inventory.find((candidate) => candidate.id === wantedId) ??
        (free.length === 1 && open.length === 1 ? only : undefined)
      if (device === undefined) return token
      const {id, serialNumber, status} = device
      return {id: token.id, deviceId: id, serialNumber, status}
    }),
  }
}

export function lacksDevice(token: EntraHardwareToken): boolean {
  return token.deviceId === undefined || token.serialNumber === undefined || token.status === 'unknown'
}

function authenticatorOf(id: string, method: MicrosoftAuthenticatorAuthenticationMethod): EntraAuthenticator {
  return {
    id,
    displayName: method.displayName ?? undefined,
    phoneAppVersion: method.phoneAppVersion ?? undefined,
    createdDateTime: method.createdDateTime ?? undefined,
  }
}

function definedOnly<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(value ?? {}).filter(([, part]) => part !== undefined),
  ) as Partial<T>
}

function typeOf(method: Typed): string {
  const type = (method['@odata.type'] ?? '')
    .replace(/^#?microsoft\.graph\./, '')
    .replace(/AuthenticationMethod$/, '')
  return type === '' ? 'unknown' : type
}

/** `none`, an empty text and values that a later service may add mean: no default that we could name. */
function defaultMethod(value: unknown): DefaultMethod | undefined {
  return DEFAULT_METHODS.find((method) => method === value)
}

/** Graph writes ids in either letter case. */
function sameId(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase()
}
