/** Ids of the dependencies to be settled before leaving MFA Server: A methods, B user portal, C authentication services. */
export const DEPENDENCY_IDS = [
  'A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8',
  'B1', 'B2', 'B3', 'B4', 'B5', 'B6', 'B7', 'B8', 'B9', 'B10',
  'C1', 'C2', 'C3', 'C4', 'C5', 'C6',
] as const // prettier-ignore
export type DependencyId = (typeof DEPENDENCY_IDS)[number]

/** `federation`: before Entra asks for MFA itself in the domain. `rollout`: before users are moved over in stages. */
export type Blocks = 'federation' | 'rollout'
export type Severity = 'high' | 'medium' | 'low' | 'info'

/** What is known about a finding before anybody looked. Sentences for people; nothing in them depends on the server. */
export interface Dependency {
  readonly id: DependencyId
  readonly title: string
  /** Answered with yes, no or unknown in the answers file. Absent where nothing is to be done either way. */
  readonly question?: string | undefined
  readonly why: string
  readonly action: string
  /** Who usually does it. */
  readonly who: string
  readonly severity: Severity
  readonly blocks: readonly Blocks[]
  /** What the items of an answer are, such as the names of RADIUS clients. */
  readonly items?: string | undefined
}

/** The guide's advice about PINs, wherever one is met. */
export const PIN_ADVICE =
  'A PIN that is not bound to a device by cryptography protects nobody whose device is taken over, nor against SIM swapping: move these users to stronger methods, best passkeys or Microsoft Authenticator.'

const METHODS = 'authentication administrator'
const PORTAL = 'authentication administrator, helpdesk'
const SERVICES = 'network or application team'
const ADFS = 'AD FS administrator'

const DEPENDENCIES: Readonly<Record<DependencyId, Omit<Dependency, 'id'>>> = {
  A1: {
    title: 'Phone call (Standard), text message (OTP) or mobile app (Standard) as the default',
    why: 'Entra has the same methods.',
    action: 'Nothing.',
    who: METHODS,
    severity: 'info',
    blocks: [],
  },
  A2: {
    title: 'Phone call with PIN',
    question: 'Do users confirm phone calls with a PIN (Phone Call Mode: PIN)?',
    why: `Entra asks for no PIN in a call. ${PIN_ADVICE}`,
    action:
      'Enable one-time codes by voice (Voice OTP) where calls are to go on; better, move users to a stronger method.',
    who: METHODS,
    severity: 'medium',
    blocks: [],
  },
  A3: {
    title: 'Text message with OTP and PIN',
    why: `Entra sends a code that is typed into the sign-in page, which shows that the user is there; it asks for no PIN. ${PIN_ADVICE}`,
    action: 'Nothing is to be configured; move users off text messages.',
    who: METHODS,
    severity: 'low',
    blocks: [],
  },
  A4: {
    title: 'Mobile app with PIN',
    question: 'Do users confirm in the mobile app with a PIN (Mobile App Mode: PIN)?',
    why: `Number matching takes the place of the PIN: the user types a number into Microsoft Authenticator. ${PIN_ADVICE}`,
    action: 'See to it that number matching is on for Microsoft Authenticator.',
    who: METHODS,
    severity: 'medium',
    blocks: [],
  },
  A5: {
    title: 'Language of calls, text messages, app and OATH tokens',
    why: "Entra takes the language of the user's browser.",
    action: 'Nothing is to be configured; tell users whose language changes.',
    who: 'helpdesk',
    severity: 'info',
    blocks: [],
  },
  A6: {
    title: 'Default PIN rules; tabs Username Resolution, Text Message and OATH Token',
    why: 'Entra has no PINs, resolves no user names for MFA, and sends its own texts.',
    action: 'Nothing.',
    who: METHODS,
    severity: 'info',
    blocks: [],
  },
  A7: {
    title: 'Reports of MFA Server',
    question: 'Does anybody rely on the reports of MFA Server?',
    why: 'They end with the server. Entra reports the activity of authentication methods.',
    action:
      'Point whoever reads the reports to the authentication methods activity in the Entra admin center.',
    who: 'security or audit team',
    severity: 'low',
    blocks: [],
  },
  A8: {
    title: 'MFA provider without a link to the tenant',
    question:
      'Does MFA Server belong to an MFA provider that is not linked to the tenant (with greetings or defaults of its own)?',
    why: 'Without the link the tenant has its own defaults: users would hear other greetings and meet other settings from one day to the next.',
    action: "Copy the provider's greetings and defaults to the tenant before the first user is moved.",
    who: METHODS,
    severity: 'high',
    blocks: ['rollout'],
  },
  B1: {
    title: 'User portal',
    question: 'Do users manage their methods in the user portal of MFA Server?',
    why: 'What users change there after their migration does not reach Entra, and the portal ends with the server.',
    action:
      'Send users to https://aka.ms/mfasetup: redirect the old address and correct links, mails and intranet pages.',
    who: PORTAL,
    severity: 'medium',
    blocks: [],
  },
  B2: {
    title: 'Enrolment in the portal, with backup phone or OATH token',
    question:
      'May users enrol themselves, or are they asked for a backup phone or an OATH token when they do?',
    why: 'New users need another way to register.',
    action: 'Configure the combined registration of security information and the MFA service settings.',
    who: METHODS,
    severity: 'medium',
    blocks: [],
  },
  B3: {
    title: 'One-time bypass',
    question: 'May users or the helpdesk start a one-time bypass?',
    why: 'Without it, whoever lost a phone cannot sign in.',
    action: 'Enable Temporary Access Pass in the authentication methods policy, and train the helpdesk.',
    who: PORTAL,
    severity: 'medium',
    blocks: [],
  },
  B4: {
    title: 'Methods that users may choose',
    question: 'May users choose their method, or are methods in use that the tenant would have to allow?',
    why: 'Users cannot try a migrated method that the authentication methods policy does not allow.',
    action: 'Enable every method that is in use in the authentication methods policy.',
    who: METHODS,
    severity: 'high',
    blocks: ['rollout'],
  },
  B5: {
    title: 'Users may choose their language',
    why: "Entra takes the language of the user's browser.",
    action: 'Nothing.',
    who: 'helpdesk',
    severity: 'info',
    blocks: [],
  },
  B6: {
    title: 'Users may activate the mobile app; device limit',
    question: 'May users activate the mobile app themselves?',
    why: 'Entra takes five devices a user: app, hardware and software OATH tokens together.',
    action: 'Have users above the limit remove what they no longer use.',
    who: PORTAL,
    severity: 'low',
    blocks: [],
  },
  B7: {
    title: 'Security questions as a fallback',
    question: 'Are security questions used as a fallback?',
    why: 'Entra has security questions for password reset only; the fallback at sign-in is another method.',
    action: 'Tell users, and have them register a second method.',
    who: 'helpdesk',
    severity: 'medium',
    blocks: [],
  },
  B8: {
    title: 'Third-party OATH tokens, or OATH as a fallback',
    question: 'Are third-party OATH tokens in use, or is OATH the fallback?',
    why: 'MFA Server does not give out the secrets of tokens. Without them a token cannot be carried over.',
    action: "Get the vendor's seed files, and give them with --seed-file.",
    who: 'token administrator',
    severity: 'medium',
    blocks: [],
  },
  B9: {
    title: 'Session timeout and passed sessions of the portal',
    why: 'Entra manages these sessions itself.',
    action: 'Nothing.',
    who: METHODS,
    severity: 'info',
    blocks: [],
  },
  B10: {
    title: 'Trusted IPs',
    question: 'Are there trusted IPs, from which nobody is asked for MFA?',
    why: 'Until the ranges are in Entra, people are asked for MFA where they were not before.',
    action: 'Copy the ranges to named locations (or to the trusted IPs of the MFA service settings).',
    who: 'network team, conditional access administrator',
    severity: 'medium',
    blocks: [],
    items: 'range',
  },
  C1: {
    title: 'RADIUS clients that can speak SAML or OpenID Connect',
    question:
      'Are there RADIUS clients of MFA Server that can speak SAML or OpenID Connect (VPN, gateways, …)?',
    why: 'They ask MFA Server, not Entra: once it is gone, nobody gets in through them.',
    action: 'Federate each of them with Entra directly.',
    who: SERVICES,
    severity: 'high',
    blocks: ['federation'],
    items: 'RADIUS client',
  },
  C2: {
    title: 'RADIUS clients that cannot',
    question: 'Are there RADIUS clients of MFA Server that can speak neither SAML nor OpenID Connect?',
    why: 'They need RADIUS, and MFA Server gave it to them.',
    action:
      'Set up Network Policy Server with the Entra MFA extension. The extension is asked for every client of that server, so give it a server of its own.',
    who: SERVICES,
    severity: 'high',
    blocks: ['federation'],
    items: 'RADIUS client',
  },
  C3: {
    title: 'LDAP clients',
    question: 'Are there clients that sign in through the LDAP service of MFA Server?',
    why: 'Entra offers no LDAP for MFA.',
    action:
      'Decide for each client: RADIUS, or Entra Domain Services; where LDAP was there to change passwords, self-service password reset.',
    who: SERVICES,
    severity: 'high',
    blocks: ['federation'],
    items: 'LDAP client',
  },
  C4: {
    title: 'Relying parties of AD FS 2.0 other than Office 365 that use MFA Server',
    question: 'Do relying parties of AD FS 2.0, other than Office 365, use the provider of MFA Server?',
    why: 'Entra MFA is not available to them in AD FS 2.0.',
    action: 'Upgrade to AD FS 3.0 or later, or federate each relying party with Entra directly.',
    who: ADFS,
    severity: 'high',
    blocks: ['federation'],
    items: 'relying party',
  },
  C5: {
    title: 'AD FS older than Windows Server 2016',
    question: 'Is there AD FS older than Windows Server 2016?',
    why: 'Entra MFA at relying parties needs AD FS of Windows Server 2016 or later.',
    action: 'Upgrade the farm.',
    who: ADFS,
    severity: 'high',
    blocks: ['federation'],
    items: 'farm',
  },
  C6: {
    title: 'AD FS access control policies that demand MFA on-premises',
    question: 'Are there access control policies or claim rules in AD FS that demand MFA on-premises?',
    why: 'They go on demanding what is no longer there, so nobody gets past them.',
    action: 'Change them before the cut-over.',
    who: ADFS,
    severity: 'high',
    blocks: ['federation'],
    items: 'policy',
  },
}

/** Every dependency of the guide, in its order. */
export const CATALOGUE: readonly Dependency[] = DEPENDENCY_IDS.map((id) => ({id, ...DEPENDENCIES[id]}))

export const dependency = (id: DependencyId): Dependency => ({id, ...DEPENDENCIES[id]})
