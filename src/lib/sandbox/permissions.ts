/** Application permissions, any one of which opens a route; taken from Graph's published permission data. */
const DIRECTORY_READ = ['Directory.Read.All', 'Directory.ReadWrite.All'] as const

export const MAY = {
  readUsers: ['User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', ...DIRECTORY_READ],
  readGroups: [
    'Group.ReadBasic.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
    'GroupMember.Read.All',
    ...DIRECTORY_READ,
  ],
  readMembers: [
    'GroupMember.ReadBasic.All',
    'GroupMember.Read.All',
    'GroupMember.ReadWrite.All',
    'Group.ReadBasic.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
    'Directory.Read.All',
  ],
  createGroups: ['Group.Create', 'Group.ReadWrite.All', 'Directory.ReadWrite.All'],
  writeMembers: ['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All'],
  readAudits: ['AuditLog.Read.All', ...DIRECTORY_READ],
  readMethods: ['UserAuthenticationMethod.Read.All', 'UserAuthenticationMethod.ReadWrite.All'],
  readPhones: reading('Phone'),
  writePhones: writing('Phone'),
  readTap: reading('TAP'),
  writeTap: writing('TAP'),
  readSoftwareOath: reading('SoftwareOATH'),
  writeSoftwareOath: writing('SoftwareOATH'),
  readAuthenticator: reading('MicrosoftAuthApp'),
  writeAuthenticator: writing('MicrosoftAuthApp'),
  readHardwareOath: reading('HardwareOATH'),
  writeHardwareOath: writing('HardwareOATH'),
  // Published data lists only the narrow permission; the wide ones are taken to include it.
  readPasskeys: reading('Passkey'),
  readWindowsHello: reading('WindowsHello'),
  writePreferences: ['UserAuthenticationMethod.ReadWrite.All'],
  readRequirements: ['Policy.Read.All', 'Policy.ReadWrite.AuthenticationMethod'],
  readMethodsPolicy: [
    'Policy.Read.AuthenticationMethod',
    'Policy.Read.All',
    'Policy.ReadWrite.AuthenticationMethod',
  ],
  writeMethodsPolicy: ['Policy.ReadWrite.AuthenticationMethod'],
  readDevices: ['Policy.Read.All', 'Policy.ReadWrite.AuthenticationMethod'],
  writeDevices: ['Policy.ReadWrite.AuthenticationMethod'],
  readOrganization: [
    'Organization.Read.All',
    'Organization.ReadWrite.All',
    'User.Read.All',
    ...DIRECTORY_READ,
  ],
  readDomains: ['Domain.Read.All', 'Domain.ReadWrite.All', 'Directory.Read.All'],
  listFederation: ['Domain-InternalFederation.Read.All', 'Domain-InternalFederation.ReadWrite.All'],
  readFederation: [
    'Domain-InternalFederation.Read.All',
    'Domain-InternalFederation.ReadWrite.All',
    'Domain.Read.All',
    'Domain.ReadWrite.All',
  ],
  writeFederation: ['Domain-InternalFederation.ReadWrite.All', 'Domain.ReadWrite.All'],
  readObjects: DIRECTORY_READ,
  readApplications: [
    'Application.Read.All',
    'Application.ReadWrite.All',
    'Application.ReadWrite.OwnedBy',
    ...DIRECTORY_READ,
  ],
  writeApplications: ['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy'],
  writePrincipals: ['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy', 'Directory.ReadWrite.All'],
  assignRoles: ['AppRoleAssignment.ReadWrite.All'],
  // Assigning takes a permission to read applications as well.
  assignRolesBesides: ['Application.Read.All', 'Application.ReadWrite.All', ...DIRECTORY_READ],
  readGrants: ['DelegatedPermissionGrant.ReadWrite.All', ...DIRECTORY_READ],
  writeGrants: ['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All'],
  readRoles: ['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory', ...DIRECTORY_READ],
} as const satisfies Record<string, readonly string[]>

/** Delegated permissions where application permissions are of no use. */
export const MAY_FOR_PERSON = {
  readMe: ['User.Read', 'User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', ...DIRECTORY_READ],
} as const satisfies Record<string, readonly string[]>

/** Directory roles, any one of which a person needs besides the permission; Global Administrator always does. */
export const HOLDERS = {
  manageApplications: ['Application Administrator', 'Cloud Application Administrator'],
  grantGraph: ['Privileged Role Administrator'],
} as const satisfies Record<string, readonly string[]>

/** What a token has that was not asked for less. */
export const ALL_ROLES: readonly string[] = [...new Set<string>(Object.values(MAY).flat())]

function reading<Kind extends string>(kind: Kind) {
  return [`UserAuthMethod-${kind}.Read.All`, ...writing(kind), 'UserAuthenticationMethod.Read.All'] as const
}

function writing<Kind extends string>(kind: Kind) {
  return [`UserAuthMethod-${kind}.ReadWrite.All`, 'UserAuthenticationMethod.ReadWrite.All'] as const
}
