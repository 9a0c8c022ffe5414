import {recorded} from './audit-trail.js'
import type {Handler} from './call.js'
import {NOT_IMPLEMENTED} from './not-implemented.js'
import {MAY} from './permissions.js'
import * as devices from './resources/hardware-oath-devices.js'
import * as tokens from './resources/hardware-oath-methods.js'
import {getByIds} from './resources/directory-objects.js'
import {countGroups, getGroup, listGroups} from './resources/groups.js'
import {countMembersOf, listMembers} from './resources/members.js'
import type {MethodKind} from './resources/method-kinds.js'
import {getAudit, listAudits} from './resources/directory-audits.js'
import {METHOD_KINDS} from './resources/method-kinds.js'
import {deleteKind, getKind, getMethod, listKind, listMethods} from './resources/methods.js'
import * as policy from './resources/methods-policy.js'
import {getOrganization, listOrganization} from './resources/organization.js'
import * as phones from './resources/phone-methods.js'
import * as preferences from './resources/preferences.js'
import {createTemporaryAccessPass} from './resources/temporary-access-pass.js'
import {countUsers, getUser, listUsers} from './resources/users.js'
import {FEDERATION_ROUTES} from './routes-federation.js'
import type {Method, Route} from './router.js'
import {REGISTRATION_ROUTES} from './routes-registration.js'
import {ROLLOUT_ROUTES} from './routes-rollout.js'

const AUTHENTICATION = '/users/{user}/authentication'
const PHONE = `${AUTHENTICATION}/phoneMethods/{method}`
const HARDWARE = `${AUTHENTICATION}/hardwareOathMethods`
const DEVICES = '/directory/authenticationMethodDevices/hardwareOathDevices'
const POLICY = '/policies/authenticationMethodsPolicy'
const CONFIGURATIONS = `${POLICY}/authenticationMethodConfigurations`

type Line = readonly [method: Method, template: string, handler: Handler, permissions: readonly string[]]

/** In v1.0 and in beta. */
const BOTH: readonly Line[] = [
  ['GET', '/users', listUsers, MAY.readUsers],
  ['GET', '/users/$count', countUsers, MAY.readUsers],
  ['GET', '/users/{user}', getUser, MAY.readUsers],
  ['GET', '/groups', listGroups, MAY.readGroups],
  ['GET', '/groups/$count', countGroups, MAY.readGroups],
  ['GET', '/groups/{group}', getGroup, MAY.readGroups],
  ...(['members', 'transitiveMembers'] as const).flatMap(memberLines),
  ['GET', `${AUTHENTICATION}/methods`, listMethods, MAY.readMethods],
  ['GET', `${AUTHENTICATION}/methods/{method}`, getMethod, MAY.readMethods],
  ...kindLines('phone', MAY.readPhones),
  ['POST', `${AUTHENTICATION}/phoneMethods`, phones.createPhone, MAY.writePhones],
  ['PATCH', PHONE, phones.updatePhone, MAY.writePhones],
  ['DELETE', PHONE, phones.deletePhone, MAY.writePhones],
  ['POST', `${PHONE}/enableSmsSignIn`, phones.enableSmsSignIn, MAY.writePhones],
  ['POST', `${PHONE}/disableSmsSignIn`, phones.disableSmsSignIn, MAY.writePhones],
  ...kindLines('softwareOath', MAY.readSoftwareOath, MAY.writeSoftwareOath),
  ...kindLines('microsoftAuthenticator', MAY.readAuthenticator, MAY.writeAuthenticator),
  ...kindLines('temporaryAccessPass', MAY.readTap, MAY.writeTap),
  ['POST', `${AUTHENTICATION}/temporaryAccessPassMethods`, createTemporaryAccessPass, MAY.writeTap],
  ['GET', `${AUTHENTICATION}/fido2Methods`, listKind('fido2'), MAY.readPasskeys],
  [
    'GET',
    `${AUTHENTICATION}/windowsHelloForBusinessMethods`,
    listKind('windowsHelloForBusiness'),
    MAY.readWindowsHello,
  ],
  ['GET', POLICY, policy.getPolicy, MAY.readMethodsPolicy],
  ['PATCH', POLICY, policy.updatePolicy, MAY.writeMethodsPolicy],
  ['GET', CONFIGURATIONS, policy.listConfigurations, MAY.readMethodsPolicy],
  ['GET', `${CONFIGURATIONS}/{configuration}`, policy.getConfiguration, MAY.readMethodsPolicy],
  ['PATCH', `${CONFIGURATIONS}/{configuration}`, policy.updateConfiguration, MAY.writeMethodsPolicy],
  ['GET', '/auditLogs/directoryAudits', listAudits, MAY.readAudits],
  ['GET', '/auditLogs/directoryAudits/{audit}', getAudit, MAY.readAudits],
  ['GET', '/organization', listOrganization, MAY.readOrganization],
  ['GET', '/organization/{organization}', getOrganization, MAY.readOrganization],
]

/** Beta only. */
const BETA: readonly Line[] = [
  ['GET', HARDWARE, tokens.listHardwareMethods, MAY.readHardwareOath],
  ['POST', HARDWARE, tokens.assignMethod, MAY.writeHardwareOath],
  ['GET', `${HARDWARE}/{method}`, tokens.getHardwareMethod, MAY.readHardwareOath],
  ['DELETE', `${HARDWARE}/{method}`, tokens.unassignMethod, MAY.writeHardwareOath],
  ['POST', `${HARDWARE}/assignAndActivate`, tokens.assignAndActivate, MAY.writeHardwareOath],
  [
    'POST',
    `${HARDWARE}/assignAndActivateBySerialNumber`,
    tokens.assignAndActivateBySerial,
    MAY.writeHardwareOath,
  ],
  ['POST', `${HARDWARE}/{method}/activate`, tokens.activateMethod, MAY.writeHardwareOath],
  ['POST', `${HARDWARE}/{method}/deactivate`, tokens.deactivateMethod, MAY.writeHardwareOath],
  ['GET', DEVICES, devices.listDevices, MAY.readDevices],
  ['POST', DEVICES, devices.createDevice, MAY.writeDevices],
  ['PATCH', DEVICES, devices.createDevices, MAY.writeDevices],
  ['GET', `${DEVICES}/{device}`, devices.getDevice, MAY.readDevices],
  ['PATCH', `${DEVICES}/{device}`, devices.updateDevice, MAY.writeDevices],
  ['DELETE', `${DEVICES}/{device}`, devices.deleteDevice, MAY.writeDevices],
  ['GET', `${AUTHENTICATION}/signInPreferences`, preferences.getPreferences, MAY.readMethods],
  ['PATCH', `${AUTHENTICATION}/signInPreferences`, preferences.updatePreferences, MAY.writePreferences],
  ['GET', `${AUTHENTICATION}/requirements`, preferences.getRequirements, MAY.readRequirements],
  ['PATCH', `${AUTHENTICATION}/requirements`, preferences.updateRequirements, MAY.writeMethodsPolicy],
]

/** Every path that the sandbox knows; `$batch` is answered one level above. */
export const ROUTES: readonly Route[] = [
  ...BOTH.map((line) => toRoute(line)),
  ...BETA.map((line) => ({...toRoute(line), version: 'beta' as const})),
  {
    method: 'POST',
    template: '/directoryObjects/getByIds',
    handler: getByIds,
    permissions: MAY.readObjects,
    reads: true,
  },
  ...FEDERATION_ROUTES,
  ...REGISTRATION_ROUTES,
  ...ROLLOUT_ROUTES,
  ...NOT_IMPLEMENTED,
]

function toRoute([method, template, handler, permissions]: Line): Route {
  const onRecord = method !== 'GET' && template.startsWith(AUTHENTICATION)
  return {method, template, handler: onRecord ? recorded(handler) : handler, permissions}
}

function memberLines(segment: 'members' | 'transitiveMembers'): Line[] {
  const reach = segment === 'members' ? 'direct' : 'transitive'
  return ([undefined, 'user', 'group'] as const).flatMap((cast): Line[] => {
    const path = `/groups/{group}/${segment}${cast === undefined ? '' : `/microsoft.graph.${cast}`}`
    return [
      ['GET', path, listMembers(reach, cast), MAY.readMembers],
      ['GET', `${path}/$count`, countMembersOf(reach, cast), MAY.readMembers],
    ]
  })
}

/** List, get and, where Graph has it for this kind, delete. */
function kindLines(kind: MethodKind, read: readonly string[], write?: readonly string[]): Line[] {
  const path = `${AUTHENTICATION}/${METHOD_KINDS[kind].collection}`
  const lines: Line[] = [
    ['GET', path, listKind(kind), read],
    ['GET', `${path}/{method}`, getKind(kind), read],
  ]
  return write === undefined ? lines : [...lines, ['DELETE', `${path}/{method}`, deleteKind(kind), write]]
}
