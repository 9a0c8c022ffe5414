import {createPrivateKey, X509Certificate, type KeyObject} from 'node:crypto'
import type forgeModule from 'node-forge'
import type {Secret} from '../../model/secret.js'
import type {OwnCertificate} from '../../ports/certificates.js'
import type {Contents} from './pem.js'
import {PASSWORD, refuse} from './refuse.js'

type Forge = typeof forgeModule
type Asn1 = forgeModule.asn1.Asn1
type Bag = forgeModule.pkcs12.Bag

/** Rounds of the key derivation; forge's own default is 2048. */
const ROUNDS = 10_000

/**
 * Certificates and private keys of a PFX (PKCS#12): AES as OpenSSL 3 and newer Windows write it, and the older 3DES and RC2.
 * Throws MfaError `usage`: no PFX, password missing or wrong, a protection that is not understood.
 */
export async function parsePfx(
  where: string,
  bytes: Uint8Array,
  password: Secret | undefined,
): Promise<Contents> {
  const {default: forge} = await import('node-forge')
  let outer: Asn1
  try {
    outer = forge.asn1.fromDer(Buffer.from(bytes).toString('binary'))
  } catch {
    throw noPfx(where)
  }
  const safe = open(forge, where, outer, password)
  const bags = safe.safeContents.flatMap(({safeBags}) => safeBags)
  const {certBag = '', keyBag = '', pkcs8ShroudedKeyBag = ''} = forge.pki.oids
  const of = (...types: readonly string[]) => bags.filter(({type}) => types.includes(type))
  return {
    certificates: of(certBag).map((bag) => certificateOf(forge, where, bag)),
    keys: of(keyBag, pkcs8ShroudedKeyBag).map((bag) => keyOf(forge, where, bag)),
  }
}

/** A PFX that needs the password: the key by AES-256, the whole sealed. Throws MfaError `usage` for a password it cannot hold. */
export async function toPfx(certificate: OwnCertificate, password: Secret | undefined): Promise<Buffer> {
  const {default: forge} = await import('node-forge')
  if (password === undefined || password.isEmpty)
    throw refuse('PFX_PASSWORD', 'A PFX file needs a password.', {
      fix: `Set ${PASSWORD}, or choose a file name that ends in .pem.`,
    })
  // What other letters mean differs from program to program.
  if (!/^[\x20-\x7e]+$/.test(password.reveal()))
    throw refuse('PFX_PASSWORD', 'The password of a PFX file may hold ASCII characters only.', {
      fix: `Choose another ${PASSWORD}.`,
    })
  const der = Buffer.from(certificate.facts.der, 'base64')
  const own = forge.pki.certificateFromAsn1(forge.asn1.fromDer(der.toString('binary')))
  const key = forge.pki.privateKeyFromPem(certificate.privateKey.reveal())
  const pfx = forge.pkcs12.toPkcs12Asn1(key, own, password.reveal(), {
    algorithm: 'aes256',
    count: ROUNDS,
    friendlyName: 'mfa',
  })
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'binary')
}

function open(forge: Forge, where: string, outer: Asn1, password: Secret | undefined) {
  const text = password?.reveal()
  // A PFX without a password is sealed with an empty one, or with none at all.
  const tries = text === undefined ? ['', undefined] : [text]
  let failure = ''
  for (const each of tries) {
    try {
      return read(forge, outer, each)
    } catch (error) {
      // Forge's words are ours to read, not to show: they may quote what was decrypted.
      failure = error instanceof Error ? error.message : ''
    }
  }
  if (/not an PKCS#12|version other than 3|Cannot read PKCS#12 PFX/.test(failure)) throw noPfx(where)
  if (/unsupported|not supported|Unsupported|integrity mode/.test(failure))
    throw refuse('PFX_UNSUPPORTED', `The PFX file ${where} is protected in a way that is not supported.`, {
      fix: 'Export it again with a password and AES-256 (or convert it: openssl pkcs12 -in OLD.pfx -out client.pem).',
    })
  throw text === undefined
    ? refuse('KEY_ENCRYPTED', `The PFX file ${where} is protected by a password.`, {fix: `Set ${PASSWORD}.`})
    : refuse(
        'KEY_PASSWORD',
        `The PFX file ${where} cannot be opened: ${PASSWORD} is wrong, or the file is damaged.`,
        {fix: `Set ${PASSWORD} to the password of this file.`},
      )
}

/**
 * The seal takes the password as UTF-16, AES takes it as UTF-8, and forge knows one way only: a password with other than
 * ASCII letters is tried for the seal first, then for what is inside.
 */
function read(forge: Forge, outer: Asn1, password: string | undefined) {
  try {
    return forge.pkcs12.pkcs12FromAsn1(outer, false, password)
  } catch (error) {
    const sealGood = error instanceof Error && !error.message.includes('MAC')
    if (!sealGood || password === undefined || /^[\x00-\x7f]*$/.test(password)) throw error
    const unsealed = {...outer, value: (outer.value as Asn1[]).slice(0, 2)}
    return forge.pkcs12.pkcs12FromAsn1(unsealed, false, forge.util.encodeUtf8(password))
  }
}

const der = (forge: Forge, asn1: Asn1) => Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary')

function certificateOf(forge: Forge, where: string, {cert, asn1}: Bag): X509Certificate {
  try {
    return new X509Certificate(
      der(forge, cert === undefined || cert === null ? asn1 : forge.pki.certificateToAsn1(cert)),
    )
  } catch {
    throw refuse('CERTIFICATE_INVALID', `${where} holds a certificate that cannot be understood.`, {
      fix: 'Export it again.',
    })
  }
}

/** Forge understands RSA keys alone and leaves others as they are. */
function keyOf(forge: Forge, where: string, {key, asn1}: Bag): KeyObject {
  try {
    const pkcs8 =
      key === undefined || key === null ? asn1 : forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key))
    return createPrivateKey({key: der(forge, pkcs8), format: 'der', type: 'pkcs8'})
  } catch {
    throw refuse('KEY_INVALID', `The private key in ${where} cannot be understood.`, {
      fix: 'Export it again.',
    })
  }
}

function noPfx(where: string) {
  return refuse('CERTIFICATE_INVALID', `${where} is neither a PEM nor a PFX file.`, {
    fix: 'Name a PEM file with certificate and private key, or a PFX (.pfx, .p12) with both.',
  })
}
