import {expect, it} from 'vitest'

import {withoutNames} from '../../src/lib/entra/transport/without-names.js'

const V1 = 'https://graph.microsoft.com/v1.0'

it.each([
  [
    `${V1}/users?$filter=onPremisesSamAccountName%20in%20('jdoe','o''brien')&$top=999`,
    `${V1}/users?$filter=onPremisesSamAccountName%20in%20('…','…')&$top=999`,
  ],
  [`/users/ada@contoso.com/authentication/methods`, `/users/…/authentication/methods`],
  [`/users/ada%40contoso.com?$select=id`, `/users/…?$select=id`],
  [`${V1}/users/0000-1/authentication`, `${V1}/users/0000-1/authentication`],
  [
    `${V1}/groups?$filter=displayName%20eq%20'MFA%20pilot'`,
    `${V1}/groups?$filter=displayName%20eq%20'MFA%20pilot'`,
  ],
])('%s names nobody in a log', (url, logged) => {
  expect(withoutNames(url)).toBe(logged)
})
