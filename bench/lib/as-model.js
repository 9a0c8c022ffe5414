import {built} from './dist.js'

/** The invented server user and Entra user as the library's own types, as the adapters would give them. */
export async function modelMaker() {
  const {OathSecret, Secret} = await built('lib/model/secret')
  const {POLICY_METHODS} = await built('lib/model/methods-policy')

  const serverUser = ({server}) => ({
    ...server,
    key: server.username,
    devices: server.devices.map((device) => ({
      ...device,
      token: new Secret(device.token),
      oathSecret: device.oathSecret === undefined ? undefined : new OathSecret(device.oathSecret),
    })),
    oathTokens: server.oathTokens.map((token) => ({
      ...token,
      secret: token.secret === undefined ? undefined : new OathSecret(token.secret),
    })),
    faults: [],
  })

  const identity = ({entra}) => ({
    id: entra.id,
    userPrincipalName: entra.userPrincipalName,
    displayName: entra.displayName,
    accountEnabled: entra.accountEnabled ?? true,
    isGuest: false,
    onPremisesSecurityIdentifier: entra.onPremisesSecurityIdentifier,
    onPremisesSamAccountName: entra.onPremisesSamAccountName,
    onPremisesDomainName: entra.onPremisesDomainName,
  })

  const methods = ({entra}) => ({
    phones: (entra.phoneMethods ?? []).map((phone) => ({
      id: `phone-${phone.phoneType}`,
      slot: phone.phoneType,
      number: phone.phoneNumber,
      createdDateTime: phone.createdDateTime,
      smsSignInState: 'notEnabled',
    })),
    authenticators: entra.microsoftAuthenticatorMethods ?? [],
    softwareOath: entra.softwareOathMethods ?? [],
    hardwareOath: [],
    others: [{id: 'password', type: 'password'}],
    systemPreferred: false,
    preferred: entra.signInPreferences?.userPreferredMethodForSecondaryAuthentication,
  })

  const tokens = ({inventory}) =>
    inventory.map((token) => ({...token, secretKey: undefined, status: 'available', assignedTo: undefined}))

  const policy = {
    migrationState: 'migrationComplete',
    configurations: POLICY_METHODS.map((method) => ({
      method,
      enabled: true,
      include: [{id: 'all_users', isUsableForSignIn: false}],
      exclude: [],
      isOfficePhoneAllowed: true,
    })),
  }
  return {serverUser, identity, methods, tokens, policy}
}

/** What `mfa migrate` uses where nothing is said. */
export const OPTIONS = {
  defaultMethod: 'if-unset',
  phones: 'safe',
  appCodes: 'carry',
  smsSignIn: 'prevent',
  promoteBackup: true,
  includeDisabled: false,
  defaultCountry: undefined,
  cloud: 'global',
}
