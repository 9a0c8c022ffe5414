import {MfaError} from '../errors/mfa-error.js'

/** Every kind of objection, with what accepting it means. The docs and a test take the list from here. */
export const BLOCKER_CODES = {
  'nested-group':
    'groups inside the group: their members are not covered, since staged rollout does not look into groups',
  'dynamic-group': 'the group is dynamic, which staged rollout does not support',
  'other-members':
    'the group holds contacts, devices or service principals, which staged rollout does not support',
  'group-limit': 'more than 10 groups in the policy',
  'user-limit': 'more than 50,000 users in the group',
  'first-add-limit': 'more than 200 members when the group is added',
  'migration-group':
    'the group is one that users are migrated by: whoever is put into it for a migration would go over at once, before anything is migrated',
  'not-migrated': 'MFA Server may have settings of the user that are not in Microsoft Entra',
  'migrated-partly': 'some of the settings of the user are not proven to be in Microsoft Entra',
  'changed-on-server': 'what the user changed on MFA Server since the migration is not in Microsoft Entra',
  'no-usable-method': 'the user cannot answer MFA, and registers at the next sign-in or stays out',
  'method-uncertain': "the user can answer MFA only if the tenant's legacy settings allow the method",
  'methods-unreadable': 'the methods of the user could not be read',
  'device-limit':
    'some devices or tokens of the user did not fit into the limit of five, and do not work in Microsoft Entra',
  'not-synced':
    'the user is not synchronised from Active Directory, and staged rollout leaves such users alone',
  'rollout-off':
    'the staged rollout is on again, switched on by somebody else, or people are to be put in while it is off',
  'onprem-mfa': 'MFA works on-premises for the people who are sent back there',
} as const satisfies Readonly<Record<string, string>>

export type BlockerCode = keyof typeof BLOCKER_CODES

/** Something that speaks against a change, with who would be stuck and why. */
export interface Blocker {
  readonly code: BlockerCode
  /** User principal name; null where it is the group or the whole change. */
  readonly user: string | null
  /** Display name of the group, where it is one. */
  readonly group?: string | undefined
  readonly detail: string
}

/** Throws MfaError `usage` for a code that is none: a typing error must not look like an acceptance. */
export function acceptedCodes(given: readonly string[]): ReadonlySet<BlockerCode> {
  const unknown = given.filter((code) => !Object.hasOwn(BLOCKER_CODES, code))
  if (unknown.length === 0) return new Set(given as readonly BlockerCode[])
  throw new MfaError(
    'UNKNOWN_CODE',
    `--accept: there is no code ${unknown.map((code) => `"${code}"`).join(', ')}`,
    {
      exit: 'usage',
      fix: `Codes: ${Object.keys(BLOCKER_CODES).join(', ')}.`,
    },
  )
}

/** MFA Server itself answers nobody any more, so this is a person's word on whatever stands in its place. */
export const onPremMfa = (): Blocker => ({
  code: 'onprem-mfa',
  user: null,
  detail:
    'This sends people back on-premises for MFA, and Azure MFA Server answers no requests since 2024-09-30: MFA has to work there by another provider behind AD FS. ' +
    'Where it does not, "mfa federation set accept" lets Microsoft Entra do MFA whenever the identity provider did none.',
})
