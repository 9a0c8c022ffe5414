import {Decrypter, Encrypter, armor, generateX25519Identity, identityToRecipient} from 'age-encryption'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import type {BackupCrypto, Recode} from '../ports/backup-store.js'

const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/

/** The BackupCrypto port with age-encryption, the TypeScript implementation by age's own author. */
export const ageCrypto: BackupCrypto = {
  sealFor(recipients) {
    const encrypter = new Encrypter()
    for (const recipient of recipients) {
      try {
        encrypter.addRecipient(recipient)
      } catch (cause) {
        throw new MfaError('RECIPIENT', `--recipient: ${shown(recipient)} is no age recipient`, {
          exit: 'usage',
          fix: 'Give the public key that age-keygen printed, age1…; never the AGE-SECRET-KEY.',
          cause,
        })
      }
    }
    return (bytes) => encrypter.encrypt(bytes)
  },

  async newKey(passphrase) {
    const identity = await generateX25519Identity()
    const recipient = await identityToRecipient(identity)
    const sealing = new Encrypter()
    sealing.setPassphrase(passphrase.reveal())
    const sealed = await sealing.encrypt(
      `# key of one backup of mfa\n# public key: ${recipient}\n${identity}\n`,
    )
    const opening = new Decrypter()
    opening.addIdentity(identity)
    return {
      seal: ageCrypto.sealFor([recipient]),
      open: opener(opening),
      keyFile: armor.encode(sealed),
    }
  },

  async openKey(keyFile, passphrase) {
    const decrypter = new Decrypter()
    decrypter.addPassphrase(passphrase.reveal())
    let text: string
    try {
      text = await decrypter.decrypt(armor.decode(keyFile), 'text')
    } catch (cause) {
      throw new MfaError('PASSPHRASE', 'the passphrase does not open this backup', {
        exit: 'usage',
        fix: 'Set MFA_BACKUP_PASSPHRASE to the passphrase that the backup was made with.',
        cause,
      })
    }
    return identitiesIn(text, 'the key file of the backup')
  },

  openWith: (identities, file) => identitiesIn(identities.reveal(), file),
}

/** Somebody may have taken the secret key for the public one. */
const shown = (recipient: string): string =>
  /^age-secret/i.test(recipient) ? 'a secret key' : `"${recipient.slice(0, 80)}"`

function identitiesIn(text: string, file: string): Recode {
  const decrypter = new Decrypter()
  let found = 0
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    try {
      if (!IDENTITY.test(line.trim())) throw new Error('no identity')
      decrypter.addIdentity(line.trim())
      found += 1
    } catch (cause) {
      // The line may be a damaged secret: not shown.
      throw noIdentity(`${file}, line ${index + 1}: not an age identity (AGE-SECRET-KEY-1…)`, cause)
    }
  }
  if (found === 0) throw noIdentity(`${file} holds no age identity (AGE-SECRET-KEY-1…)`)
  return opener(decrypter)
}

const noIdentity = (message: string, cause?: unknown): MfaError =>
  new MfaError('IDENTITY', message, {
    exit: 'data',
    fix: 'Give the file that age-keygen wrote; a file that is itself sealed is opened with age -d first.',
    cause,
  })

/** What age refuses becomes a fault of the data, or of the key; faults of reading stay what they are. */
function opener(decrypter: Decrypter): Recode {
  const fault = (error: unknown): unknown => {
    if (error instanceof MfaError || errorCode(error) !== undefined) return error
    if (error instanceof Error && /no identity matched/.test(error.message))
      return new MfaError('WRONG_KEY', 'the backup was sealed for another key', {
        exit: 'usage',
        fix: 'Give --identity FILE with the key of one of its recipients; its manifest.json names them.',
        cause: error,
      })
    return new MfaError('CANNOT_DECRYPT', 'cannot be decrypted: it is damaged or cut off', {
      exit: 'data',
      fix: 'Use another backup: mfa server backups --to FOLDER lists them.',
      cause: error,
    })
  }
  return async (bytes) => {
    let plain: ReadableStream<Uint8Array>
    try {
      plain = await decrypter.decrypt(bytes)
    } catch (error) {
      throw fault(error)
    }
    return ReadableStream.from(rethrown(plain, fault))
  }
}

async function* rethrown(
  body: ReadableStream<Uint8Array>,
  fault: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw fault(error)
  }
}
