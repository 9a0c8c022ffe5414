import type {Settings} from './lib/config/settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {Secret} from './lib/model/secret.js'
import type {Clock} from './lib/ports/clock.js'
import type {DirectoryLookup} from './lib/ports/directory-lookup.js'
import type {Ui} from './lib/ports/ui.js'

interface LookupDeps {
  readonly clock: Clock
  readonly ui: Ui
  readonly signal: AbortSignal
}

/** The attribute that holds the name, where Active Directory is asked. */
export const attributeOf = ({adAttribute}: Settings): string => adAttribute?.value ?? 'userPrincipalName'

/**
 * Active Directory, if the settings name it: connected and signed in. Throws MfaError `usage`, `auth` or `unavailable`.
 */
export async function openLookup(settings: Settings, deps: LookupDeps): Promise<DirectoryLookup | undefined> {
  const {adUrls, adBase, adAttribute, adCa, adReferrals} = settings
  if (adUrls === undefined) {
    // From the command line only: a config file may hold them for other days.
    const lone = [adBase, adAttribute, adCa, adReferrals].find((setting) => setting?.from.startsWith('--'))
    if (lone !== undefined)
      throw wrong(`${lone.from} is given, but no domain controller`, 'Add --ad-url ldaps://….')
    return undefined
  }
  const account = await accountOf(settings, deps.ui)
  const {openActiveDirectory} = await import('./lib/source/active-directory/active-directory.js')
  return openActiveDirectory(
    {
      urls: adUrls.value,
      base: adBase?.value,
      attribute: attributeOf(settings),
      account,
      caFile: adCa?.value,
      referrals: adReferrals?.value,
      clock: deps.clock,
      warn: (text) => deps.ui.emit({type: 'warning', text}),
    },
    deps.signal,
  )
}

async function accountOf({adUsername, adPassword, adAnonymous}: Settings, ui: Ui) {
  if (adAnonymous?.value === true) {
    if (adUsername !== undefined)
      throw wrong(
        `${adAnonymous.from} and ${adUsername.from} are both given`,
        'Keep one: an account, or no sign-in at all.',
      )
    return undefined
  }
  if (adUsername === undefined)
    throw wrong(
      'MFA_AD_USERNAME is not set, and Active Directory is to be asked',
      'Set MFA_AD_USERNAME and MFA_AD_PASSWORD; or give --ad-anonymous, where Active Directory allows that.',
    )
  const password =
    adPassword?.value ??
    new Secret(await ui.ask(`Password of ${adUsername.value}`, 'MFA_AD_PASSWORD', {hidden: true}))
  if (password.isEmpty)
    throw wrong(
      'MFA_AD_PASSWORD is empty, which would sign nobody in and look as if it did',
      'Set it to the password of MFA_AD_USERNAME.',
    )
  return {username: adUsername.value, password}
}

const wrong = (message: string, fix: string): MfaError =>
  new MfaError('AD_SETTINGS', message, {exit: 'usage', fix})
