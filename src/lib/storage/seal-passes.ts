import {armor, Encrypter} from 'age-encryption'

import type {PassFor, PassSealing} from '../ports/sign-in-help.js'
import {ageCrypto} from './age.js'

/** The PassSealing port with age: an armored file that `age -d -i KEYFILE` opens. */
export const passSealing: PassSealing = {
  mustTake: (recipients) => void ageCrypto.sealFor(recipients),
  async seal(passes, recipients) {
    const encrypter = new Encrypter()
    for (const recipient of recipients) encrypter.addRecipient(recipient)
    return armor.encode(await encrypter.encrypt(csvOf(passes)))
  },
}

/** The one place where a pass is revealed. */
function csvOf(passes: readonly PassFor[]): string {
  const rows = passes.map(({userPrincipalName, issued, expiresAt}) => [
    userPrincipalName,
    issued.pass.reveal(),
    issued.startsAt,
    expiresAt,
    String(issued.isUsableOnce),
  ])
  const head = ['userPrincipalName', 'temporaryAccessPass', 'startsAt', 'expiresAt', 'isUsableOnce']
  return [head, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
