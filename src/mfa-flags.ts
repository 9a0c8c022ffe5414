import {Flags} from '@oclif/core'

/** Where state and settings come from; every command has these. */
export const settingsFlags = {
  config: Flags.string({
    summary: 'Settings file instead of mfa.config.json.',
    helpValue: 'FILE',
    helpGroup: 'WHERE',
  }),
  state: Flags.string({
    summary:
      'Where runs are remembered: a folder, sqlite:FILE, or postgres://… for several machines. [env: MFA_STATE]',
    helpValue: 'WHERE',
    helpGroup: 'WHERE',
  }),
}

/** Of every command that changes something. */
export const yesFlag = Flags.boolean({char: 'y', summary: 'Do not ask.'})
export const consistencyFlag = Flags.integer({
  summary: 'Seconds that Entra may take to show what was written.',
  default: 60,
  min: 0,
})

/** How fast Microsoft Graph is asked. */
const paceFlags = {
  tps: Flags.integer({
    summary: 'At most so many requests a second to Microsoft Graph.',
    helpValue: 'N',
    min: 1,
    helpGroup: 'PACE',
  }),
  'write-quota': Flags.string({
    summary:
      "Writes that the service takes, as N in S seconds, or none. Default: 3000/150; none for the tool's own sandbox.",
    helpValue: 'N/S',
    helpGroup: 'PACE',
  }),
  'activation-quota': Flags.string({
    summary:
      "Activations of OATH tokens that the service takes, as N in S seconds, or none. Default: 200/300; none for the tool's own sandbox.",
    helpValue: 'N/S',
    helpGroup: 'PACE',
  }),
  'max-duration': Flags.string({
    summary: 'Begin nothing new after so long, such as 90s, 15m or 2h; the same command goes on.',
    helpValue: 'TIME',
    helpGroup: 'PACE',
  }),
  'max-wait': Flags.integer({
    summary: 'Longest total wait for a throttled or failing service, in seconds, per request.',
    helpValue: 'SECONDS',
    min: 0,
    helpGroup: 'PACE',
  }),
}

export const tenantFlags = {
  ...settingsFlags,
  ...paceFlags,
  tenant: Flags.string({
    summary: 'Tenant id, domain, or "sandbox" for the tenant inside the tool. [env: MFA_TENANT_ID]',
    helpValue: 'ID',
    helpGroup: 'WHERE',
  }),
  cloud: Flags.string({
    summary: 'National cloud: global, usgov, usgovdod or china. [env: MFA_CLOUD]',
    helpValue: 'NAME',
    helpGroup: 'WHERE',
  }),
}

export const sourceFlags = {
  source: Flags.string({
    summary: "MFA Server's data: https://…/PfWsSdk.asmx, or an export bundle (a folder). [env: MFA_SOURCE]",
    helpValue: 'WHERE',
    helpGroup: 'WHERE',
  }),
  'source-rate': Flags.integer({
    summary: 'At most so many requests a second to the Web Service SDK, so that a busy server keeps up.',
    helpValue: 'N',
    min: 1,
    helpGroup: 'PACE',
  }),
  'source-certificate': Flags.string({
    summary: 'Client certificate for the Web Service SDK (PEM with key, or PFX).',
    helpValue: 'FILE',
    helpGroup: 'WHERE',
  }),
  'source-ca': Flags.string({
    summary: "Certificate of the CA that signed the server's certificate.",
    helpValue: 'FILE',
    helpGroup: 'WHERE',
  }),
  'seed-file': Flags.string({
    summary: 'OATH seed file (CSV), joined by serial number; repeatable.',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'WHERE',
  }),
}

/** Active Directory, to match users through it (rule U2). */
const directoryFlags = {
  'ad-url': Flags.string({
    summary:
      'Domain controller: ldaps://HOST, or ldap://HOST for StartTLS; repeatable, in the order to try. [env: MFA_AD_URL]',
    helpValue: 'URL',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'WHERE',
  }),
  'ad-base': Flags.string({
    summary: "Where to search in Active Directory; the controller's domain unless given. [env: MFA_AD_BASE]",
    helpValue: 'DN',
    helpGroup: 'WHERE',
  }),
  'ad-attribute': Flags.string({
    summary:
      'Attribute of Active Directory that holds the name: mail, employeeID, extensionAttribute1, …; userPrincipalName unless given (rule U2). [env: MFA_AD_ATTRIBUTE]',
    helpValue: 'NAME',
    helpGroup: 'RULES',
  }),
  'ad-ca': Flags.string({
    summary: "Certificate of the CA that signed the domain controllers' certificates. [env: MFA_AD_CA]",
    helpValue: 'FILE',
    helpGroup: 'WHERE',
  }),
  'ad-referrals': Flags.string({
    summary:
      'Other domains of the forest below the base: name them in a warning (report, unless given), or ask them too, with the same account. [env: MFA_AD_REFERRALS]',
    options: ['report', 'follow'],
    helpGroup: 'WHERE',
  }),
  'ad-anonymous': Flags.boolean({
    summary: 'Read Active Directory without signing in, where it allows that.',
    helpGroup: 'WHERE',
  }),
}

export const matchFlags = {
  ...directoryFlags,
  'default-domain': Flags.string({
    summary: 'Active Directory domain of plain user names (rule U2).',
    helpValue: 'DOMAIN',
    helpGroup: 'RULES',
  }),
  netbios: Flags.string({
    summary: 'NetBIOS name and its DNS domain (rule U2); repeatable.',
    helpValue: 'NAME=domain',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'RULES',
  }),
  mapping: Flags.string({
    summary: 'Hand-edited file of matches, see mfa mapping export (rule U2).',
    helpValue: 'FILE',
    helpGroup: 'RULES',
  }),
}

export const ruleFlags = {
  ...matchFlags,
  'default-method': Flags.string({
    summary: "When the server's default method is set (rule M1).",
    options: ['always', 'if-unset', 'most-secure'],
    helpGroup: 'RULES',
  }),
  phones: Flags.string({
    summary: 'What happens to another number in Entra (rule P6).',
    options: ['safe', 'replace', 'keep'],
    helpGroup: 'RULES',
  }),
  'app-codes': Flags.string({
    summary: "Whether the mobile app's codes are carried as OATH tokens (rule D6).",
    options: ['carry', 'skip'],
    helpGroup: 'RULES',
  }),
  'sms-sign-in': Flags.string({
    summary: 'Whether a new mobile number may become a first factor (rule P9).',
    options: ['prevent', 'allow'],
    helpGroup: 'RULES',
  }),
  'promote-backup': Flags.boolean({
    summary: 'Whether a lone backup phone becomes the mobile number (rule B4).',
    allowNo: true,
    helpGroup: 'RULES',
  }),
  'include-disabled': Flags.boolean({
    summary: 'Migrate disabled users too (rule U4).',
    helpGroup: 'RULES',
  }),
  'default-country': Flags.string({
    summary: 'Country of numbers without a country code, ISO 3166 (rule P4).',
    helpValue: 'US',
    helpGroup: 'RULES',
  }),
}

export const groupFlag = Flags.string({
  summary: 'Entra group, by display name or object id; members of nested groups count.',
  helpValue: 'NAME|ID',
})

export const userFlag = Flags.string({
  summary: 'Only this member, by user principal name; repeatable.',
  helpValue: 'UPN',
  multiple: true,
  multipleNonGreedy: true,
})

export const csvFlag = Flags.string({summary: 'Also write the list as CSV.', helpValue: 'FILE'})

export const reportFlag = Flags.string({
  summary: 'Also write one self-contained HTML page.',
  helpValue: 'FILE.html',
})
