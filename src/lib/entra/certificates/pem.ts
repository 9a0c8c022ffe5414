import {createPrivateKey, X509Certificate, type KeyObject} from 'node:crypto'
import type {Secret} from '../../model/secret.js'
import {PASSWORD, refuse} from './refuse.js'

/** What a file holds, in the order of the file. */
export interface Contents {
  readonly certificates: readonly X509Certificate[]
  readonly keys: readonly KeyObject[]
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g

/**
 * Certificates and the first private key of a PEM text; the key may be encrypted (PKCS#8 or the older form).
 * Throws MfaError `usage`: incomplete, damaged, password missing or wrong. `where` names the file or variable.
 */
export function parsePem(where: string, text: string, password: Secret | undefined): Contents {
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = '']) => ({pem, label}))
  const key = blocks.find(({label}) => label.endsWith('PRIVATE KEY'))
  const certificates = blocks.filter(({label}) => label === 'CERTIFICATE')
  if (key === undefined || certificates.length === 0)
    throw incomplete(where, certificates.length > 0, key !== undefined)
  const encrypted = key.label === 'ENCRYPTED PRIVATE KEY' || key.pem.includes('Proc-Type: 4,ENCRYPTED')
  if (encrypted && password === undefined)
    throw refuse('KEY_ENCRYPTED', `The private key in ${where} is protected by a password.`, {
      fix: `Set ${PASSWORD}.`,
    })
  return {
    certificates: certificates.map(({pem}) => certificateOf(where, pem)),
    keys: [decrypt(where, key.pem, encrypted ? password : undefined)],
  }
}

function certificateOf(where: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw refuse('CERTIFICATE_INVALID', `${where} holds a certificate that cannot be understood.`, {
      fix: 'Export it again in PEM form.',
    })
  }
}

function incomplete(where: string, hasCertificate: boolean, hasKey: boolean) {
  const missing = hasKey ? 'certificate' : hasCertificate ? 'private key' : 'certificate and no private key'
  return refuse('CERTIFICATE_INCOMPLETE', `${where} has no ${missing} in PEM form.`, {
    fix: 'It needs a BEGIN CERTIFICATE and a BEGIN PRIVATE KEY block, for example: cat certificate.pem key.pem > client.pem',
  })
}

function decrypt(where: string, pem: string, password: Secret | undefined): KeyObject {
  try {
    return createPrivateKey({
      key: pem,
      ...(password === undefined ? {} : {passphrase: password.reveal()}),
    })
  } catch {
    // OpenSSL's reason says nothing to people, and the key stays out of the message.
    throw password === undefined
      ? refuse('KEY_INVALID', `The private key in ${where} cannot be understood.`, {
          fix: 'Export it again in PEM form (PKCS#8).',
        })
      : refuse(
          'KEY_PASSWORD',
          `The private key in ${where} cannot be decrypted: ${PASSWORD} is wrong, or the file is damaged.`,
          {fix: `Set ${PASSWORD} to the password of this key.`},
        )
  }
}
